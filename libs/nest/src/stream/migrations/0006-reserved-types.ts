import type { Migration } from './migration.js';

/**
 * SQL may not publish what `defineChannel` refuses: the SDK would take it for its own word, and hand it to nobody. Rows
 * that are there stay.
 */
export const reservedTypes: Migration = {
  version: 6,
  name: 'reserved-types',
  statements: (schema) => [
    `alter table ${schema}.outbox add constraint outbox_type_reserved
  check (type not in ('discontinuity', 'recovered', 'error', 'state')) not valid`,
  ],
};
