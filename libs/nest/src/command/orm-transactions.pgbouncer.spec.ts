import { throughPgBouncer } from '../../../../test/support/pgbouncer.js';
import { ormsContract } from './testing/orm/orms.contract.js';

ormsContract('through PgBouncer', throughPgBouncer);
