export { startBreakable } from '../../tools/services/breakable.mjs';
