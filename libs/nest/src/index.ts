export { BootError } from './core/boot-error.js';
export { CodedError } from './core/coded-error.js';
