import { tables } from './0001-tables.js';
import { pass } from './0002-pass.js';
import { care } from './0003-care.js';
import { digest } from './0004-digest.js';
import { checks } from './0005-checks.js';
import { reservedTypes } from './0006-reserved-types.js';
import { keptSince } from './0007-kept-since.js';
import { orderOfWithdrawals } from './0008-order-of-withdrawals.js';
import { secrets } from './0009-secrets.js';
import { ownChannels } from './0010-own-channels.js';
import { lockRows } from './0011-lock-rows.js';
import { denials } from './0012-denials.js';
import type { Migration } from './migration.js';

/** In the order of their versions. */
export const migrations: readonly Migration[] = [
  tables,
  pass,
  care,
  digest,
  checks,
  reservedTypes,
  keptSince,
  orderOfWithdrawals,
  secrets,
  ownChannels,
  lockRows,
  denials,
];
