import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../../test/support/fresh-database.js';
import { InProcessNode, type NodeSeams } from './in-process-node.js';

/** Nodes on one database and one Redis, for the tests of one file; they stop after each. */
export function nodesTogether(): (seams?: NodeSeams) => Promise<InProcessNode> {
  let fresh: FreshDatabase;
  const started: InProcessNode[] = [];
  beforeAll(async () => {
    for (const level of ['log', 'warn', 'error'] as const) vi.spyOn(Logger.prototype, level).mockReturnValue();
    fresh = await createDatabase();
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((node) => node.stop()));
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await fresh.drop();
  });
  return async (seams = {}) => {
    const node = await InProcessNode.start(fresh.url, seams);
    started.push(node);
    await vi.waitFor(() => expect(node.isConnected).toBe(true), { timeout: 5_000 });
    return node;
  };
}
