import { systemClock, type Clock } from '../clock.js';
import { LineLogger } from './line-logger.js';
import { RepeatedLines } from './repeated-lines.js';

/** For what a client can cause as often as it likes: a line of a kind a second, and how many more there were. */
export class CrowdLogger extends LineLogger {
  readonly repeated: RepeatedLines;

  constructor(clock: Pick<Clock, 'after'> = systemClock) {
    super();
    this.repeated = new RepeatedLines(clock, (left, id) =>
      this.warn(`${left} more like ${id === '' ? 'the last one' : `errorId ${id}`} within a second were left out`),
    );
  }
}
