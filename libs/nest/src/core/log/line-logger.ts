import { Logger } from '@nestjs/common';
import { oneLine } from './one-line.js';

/** How Millrace logs: names, subjects, origins and messages may be a client's, so that an entry stays one line. */
export class LineLogger extends Logger {
  constructor() {
    super('Millrace');
  }

  override log(text: string): void {
    super.log(oneLine(text));
  }

  override warn(text: string): void {
    super.warn(oneLine(text));
  }

  override error(text: string, ...stack: (string | undefined)[]): void {
    super.error(oneLine(text), ...stack);
  }
}
