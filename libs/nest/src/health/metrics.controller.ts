import { Controller, Get, Inject, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { PromRecorder } from '../telemetry/prom-recorder.js';
import { systemClock } from '../core/clock.js';
import { Recorder } from '../telemetry/recorder.js';
import { SharedAnswer } from './shared-answer.js';

interface TextResponse {
  type(contentType: string): { send(text: string): unknown };
}

@Controller({ path: 'metrics', version: VERSION_NEUTRAL })
export class MetricsController {
  readonly #text: SharedAnswer<string>;

  constructor(@Inject(Recorder) private readonly recorder: PromRecorder) {
    this.#text = new SharedAnswer(() => recorder.text(), systemClock);
  }

  /** Sent by itself: what interceptors of the application make of answers is not for a scraper. */
  @Get()
  async text(@Res() response: TextResponse): Promise<void> {
    const text = await this.#text.get();
    response.type(this.recorder.contentType).send(text);
  }
}
