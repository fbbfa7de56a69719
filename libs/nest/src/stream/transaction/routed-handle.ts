import type { SqlExecutor, SqlRow } from '../sql-database.port.js';
import type { AmbientScope } from './ambient.js';
import type { UnitOfWork } from './unit-of-work.js';

/**
 * The handle of a nested transaction. Used within one that is nested deeper, it speaks for that one: its own turn would
 * only come when the deeper one has ended.
 */
export class RoutedHandle implements SqlExecutor {
  constructor(
    private readonly ambient: AmbientScope,
    private readonly unit: UnitOfWork,
  ) {}

  async query(sql: string, params: readonly unknown[] = []): Promise<readonly SqlRow[]> {
    return (innermost(this.ambient, this) ?? this.unit).query(sql, params);
  }
}

/** The unit that the running code is in, where that is the one of `handle` or one nested in it. */
export function innermost(ambient: AmbientScope, handle: unknown): UnitOfWork | undefined {
  const unit = ambient.current()?.unit;
  return unit?.owns(handle) ? unit : undefined;
}
