export { fromDrizzle } from './stream/drizzle/drizzle-transactions.js';
