import { Controller, Get, Inject, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { PromRecorder } from '../telemetry/prom-recorder.js';
import { Recorder } from '../telemetry/recorder.js';

interface TextResponse {
  type(contentType: string): void;
}

@Controller({ path: 'metrics', version: VERSION_NEUTRAL })
export class MetricsController {
  constructor(@Inject(Recorder) private readonly recorder: PromRecorder) {}

  @Get()
  text(@Res({ passthrough: true }) response: TextResponse): Promise<string> {
    response.type(this.recorder.contentType);
    return this.recorder.text();
  }
}
