import { ormsContract } from './testing/orm/orms.contract.js';

ormsContract('directly', (direct) => direct);
