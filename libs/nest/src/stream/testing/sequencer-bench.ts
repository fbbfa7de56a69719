import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, vi } from 'vitest';
import { FakeClock, settled } from '../../core/testing/fake-clock.js';
import { Sequencer } from '../sequencer.js';
import { defaultStreamOptions, type StreamOptions } from '../stream.options.js';
import { MemoryRecorder } from './memory-recorder.js';
import { ScriptedStore } from './scripted-store.js';

/** A sequencer whose time and whose passes belong to the test. Made anew before each test. */
export interface SequencerBench {
  clock: FakeClock;
  store: ScriptedStore;
  recorder: MemoryRecorder;
  /** A sequencer whose first pass, the one of its start, has ended. */
  running(more?: Partial<StreamOptions>): Promise<Sequencer>;
}

export function sequencerBench(): SequencerBench {
  const started: Sequencer[] = [];
  const bench: SequencerBench = {
    clock: new FakeClock(),
    store: new ScriptedStore(),
    recorder: new MemoryRecorder(),
    running: async (more = {}) => {
      const { store, clock, recorder } = bench;
      const options = { ...defaultStreamOptions, ...more };
      const sequencer = new Sequencer({ store, options, clock, recorder, random: () => 0.5 });
      started.push(sequencer);
      sequencer.start();
      await settled();
      store.last.answer();
      await settled();
      store.calls.length = 0;
      return sequencer;
    },
  };
  beforeEach(() => {
    bench.clock = new FakeClock();
    bench.store = new ScriptedStore();
    bench.recorder = new MemoryRecorder();
    vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const sequencer of started.splice(0)) {
      const stopped = sequencer.stop();
      await settled();
      bench.store.calls.at(-1)?.answer();
      await stopped;
    }
  });
  return bench;
}
