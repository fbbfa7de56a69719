import { afterAll, beforeAll, describe } from 'vitest';
import { outboxContract } from './contract/outbox.contract.js';
import { epochContract } from './contract/epoch.contract.js';
import { gaugesContract } from './contract/gauges.contract.js';
import { historyContract } from './contract/history.contract.js';
import { logContract } from './contract/log.contract.js';
import { partitionsContract } from './contract/partitions.contract.js';
import { passContract } from './contract/pass.contract.js';
import { poisonContract } from './contract/poison.contract.js';
import { publishKeyContract } from './contract/publish-key.contract.js';
import { secretsContract } from './contract/secrets.contract.js';
import { sequencerContract } from './contract/sequencer.contract.js';
import { stagingContract } from './contract/staging.contract.js';
import { withdrawalsContract } from './contract/withdrawals.contract.js';
import type { StreamHarness } from './stream-harness.js';

const contracts = [
  ['staging', stagingContract],
  ['pass', passContract],
  ['publish key', publishKeyContract],
  ['bad rows', poisonContract],
  ['outbox', outboxContract],
  ['history', historyContract],
  ['epoch', epochContract],
  ['log', logContract],
  ['withdrawals', withdrawalsContract],
  ['partitions', partitionsContract],
  ['gauges', gaugesContract],
  ['secrets', secretsContract],
  ['sequencer', sequencerContract],
] as const;

/** What every database under the stream has to do. Runs on the embedded one and on a server. */
export function streamStoreContract(name: string, open: () => Promise<StreamHarness>): void {
  describe(`stream store on ${name}`, () => {
    let harness: StreamHarness;
    beforeAll(async () => {
      harness = await open();
    }, 60_000);
    afterAll(() => harness.close());
    describe.each(contracts)('%s', (_, contract) => {
      contract(() => harness);
    });
  });
}
