import {
  BadRequestException,
  DefaultValuePipe,
  Delete,
  Get,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  Query,
  UseFilters,
} from '@nestjs/common';
import { isChannelName } from '@millrace/protocol';
import { CodedHttpFilter } from './coded-http.filter.js';
import { NodeAdmin } from './node-admin.js';

const MAX_PAGE = 500;
const limitPipes = [new DefaultValuePipe(50), new ParseIntPipe()] as const;

/** What {@link AdminModule} puts under the guards that it is given. */
@UseFilters(CodedHttpFilter)
export abstract class AdminController {
  constructor(@Inject(NodeAdmin) protected readonly admin: NodeAdmin) {}

  @Get('nodes')
  nodes(): Promise<object> {
    return this.admin.nodes();
  }

  @Get('sessions')
  sessions(
    @Query('limit', ...limitPipes) limit: number,
    @Query('after', new DefaultValuePipe('')) after: string,
    @Query('subject') subject?: string,
  ): object {
    return { sessions: this.admin.sessionsAfter(textIn(after), pageIn(limit), subject && textIn(subject)) };
  }

  @Get('sessions/:id')
  session(@Param('id') id: string): object {
    return this.admin.session(id) ?? notThere('session');
  }

  @Delete('sessions/:id')
  @HttpCode(204)
  disconnect(@Param('id') id: string): void {
    if (!this.admin.disconnect(id)) notThere('session');
  }

  @Get('channels/:name')
  channel(@Param('name') name: string): Promise<object> {
    if (!isChannelName(name)) throw new BadRequestException('That is no name of a channel');
    return this.admin.channel(name);
  }

  @Get('outbox')
  outbox(
    @Query('limit', ...limitPipes) limit: number,
    @Query('after', new DefaultValuePipe('0')) after: string,
  ): Promise<object> {
    return this.admin.outbox(seqIn(after), pageIn(limit));
  }

  @Get('outbox/dead-letters')
  async deadLetters(
    @Query('limit', ...limitPipes) limit: number,
    @Query('after', new DefaultValuePipe('0')) after: string,
  ): Promise<object> {
    return { deadLetters: await this.admin.deadLetters(seqIn(after), pageIn(limit)) };
  }

  @Post('outbox/dead-letters/:seq/retry')
  @HttpCode(204)
  async retry(@Param('seq') seq: string): Promise<void> {
    if (!(await this.admin.retry(seqIn(seq)))) notThere('dead letter');
  }

  @Delete('outbox/dead-letters/:seq')
  @HttpCode(204)
  async drop(@Param('seq') seq: string): Promise<void> {
    if (!(await this.admin.drop(seqIn(seq)))) notThere('dead letter');
  }
}

function notThere(what: string): never {
  throw new NotFoundException(`There is no such ${what} on this node`);
}

function pageIn(limit: number): number {
  if (limit >= 1 && limit <= MAX_PAGE) return limit;
  throw new BadRequestException(`limit must be between 1 and ${MAX_PAGE}`);
}

/** A query like `?after[]=x` is an object. */
function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new BadRequestException('A parameter is given more than once');
}

function seqIn(value: unknown): string {
  if (typeof value === 'string' && /^\d{1,18}$/.test(value)) return value;
  throw new BadRequestException('seq must be a whole number');
}
