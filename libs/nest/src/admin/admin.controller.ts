import {
  BadRequestException,
  Body,
  DefaultValuePipe,
  Delete,
  Get,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  Put,
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

  /** All sessions of a subject, on every node; they may come back. */
  @Delete('subjects/:subject/sessions')
  @HttpCode(204)
  disconnectSubject(@Param('subject') subject: string): Promise<void> {
    return this.admin.access.disconnect({ subject });
  }

  @Put('subjects/:subject/block')
  @HttpCode(204)
  block(@Param('subject') subject: string, @Body() body: unknown): Promise<void> {
    return this.admin.access.block({ subject, ...numbersIn(body, 'forMs') });
  }

  @Delete('subjects/:subject/block')
  @HttpCode(204)
  unblock(@Param('subject') subject: string): Promise<void> {
    return this.admin.access.unblock({ subject });
  }

  /** Those that were issued before a moment. */
  @Post('subjects/:subject/revoke-tokens')
  @HttpCode(204)
  revokeTokens(@Param('subject') subject: string, @Body() body: unknown): Promise<void> {
    return this.admin.access.revokeTokens({ subject, ...numbersIn(body, 'issuedBefore', 'forMs') });
  }

  @Post('tokens/:id/revoke')
  @HttpCode(204)
  revokeToken(@Param('id') tokenId: string, @Body() body: unknown): Promise<void> {
    const { expiresAt } = numbersIn(body, 'expiresAt');
    if (expiresAt === undefined)
      throw new BadRequestException('expiresAt is missing: when the token expires by itself');
    return this.admin.access.revokeTokens({ tokenId, expiresAt });
  }

  /** Blocked subjects and revoked tokens. */
  @Get('denials')
  denials(
    @Query('limit', ...limitPipes) limit: number,
    @Query('after', new DefaultValuePipe('')) after: string,
  ): object {
    return { denials: this.admin.denialsAfter(textIn(after), pageIn(limit)) };
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

/** Of a body that may be missing, these numbers; each may be left out. */
function numbersIn<Name extends string>(body: unknown, ...names: readonly Name[]): { readonly [N in Name]?: number } {
  const given = Object(body) as Readonly<Record<string, unknown>>;
  const found = names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]] as const]));
  const wrong = found.find(([, value]) => typeof value !== 'number' || !(value > 0) || value > 8.64e15);
  if (wrong) throw new BadRequestException(`${wrong[0]} must be a number of ms above 0`);
  return Object.fromEntries(found) as { readonly [N in Name]?: number };
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
