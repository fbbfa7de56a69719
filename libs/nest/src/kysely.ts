export { fromKysely } from './stream/kysely/kysely-transactions.js';
