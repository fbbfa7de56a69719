import { beforeEach, describe, expect, it } from 'vitest';
import { FakeServer } from '@millrace/client/testing';
import type { Notice } from '../model/notice.js';
import { NoticeBoard, RECOVERED_MS } from './notice-board.js';

const recovered = { kind: 'recovered', count: 3 } as const;
const none = { kind: 'none' } as const;

let clock: FakeServer['clock'];
let shown: Notice[];
let board: NoticeBoard;

beforeEach(() => {
  ({ clock } = new FakeServer());
  shown = [];
  board = new NoticeBoard(clock.after, (notice) => shown.push(notice));
});

describe('what was recovered', () => {
  beforeEach(() => board.show(recovered));

  it('is told for a while', async () => {
    await clock.advance(RECOVERED_MS - 1);
    expect(shown).toEqual([recovered]);
    await clock.advance(1);
    expect(shown).toEqual([recovered, none]);
    expect(clock.pending).toBe(0);
  });

  it('is told for its whole time again when more is', async () => {
    await clock.advance(RECOVERED_MS - 1);
    board.show({ ...recovered, count: 4 });
    await clock.advance(RECOVERED_MS - 1);
    expect(shown).toEqual([recovered, { ...recovered, count: 4 }]);
  });

  it('does not take away what is told after it', async () => {
    board.show({ kind: 'cut' });
    await clock.advance(RECOVERED_MS);
    expect(shown).toEqual([recovered, { kind: 'cut' }]);
    expect(clock.pending).toBe(0);
  });

  it('is not told any longer once the connection is gone', () => {
    board.disconnected();
    expect(shown).toEqual([recovered, none]);
    expect(clock.pending).toBe(0);
  });
});

it.each([{ kind: 'cut' }, { kind: 'lost' }, { kind: 'failed', message: 'Refused.' }] as const)(
  '$kind stands until something else is told, also without a connection',
  async (notice) => {
    board.show(notice);
    board.disconnected();
    await clock.advance(2 * RECOVERED_MS);
    expect(shown).toEqual([notice]);
  },
);
