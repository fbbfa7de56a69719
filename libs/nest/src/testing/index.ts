export { MillraceTestModule, type TestOptions } from './millrace-test.module.js';
