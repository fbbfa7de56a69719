import {
  BadRequestException,
  Catch,
  ForbiddenException,
  Injectable,
  Logger,
  NotFoundException,
  SetMetadata,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  createParamDecorator,
  type ArgumentMetadata,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ConnectedSocket, WsException } from '@nestjs/websockets';
import { defineCommand } from '@millrace/protocol';
import { Transform, Type } from 'class-transformer';
import { IsArray, IsInt, IsString, ValidateNested } from 'class-validator';
import { tap, type Observable } from 'rxjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Command, CurrentCommand, CurrentPrincipal, Gateway, Payload, Tx } from './command.decorators.js';
import { commandOf, type CommandContext } from './command-context.js';
import { CommandBench } from './testing/command-bench.js';
import { MemoryDatabase } from './testing/memory-database.js';

class Person {
  @IsString() name!: string;
}
class Crew {
  @IsInt() size!: number;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Person) crew!: Person[];
}
const enlist = defineCommand<Crew, unknown>('crew.enlist');
const valid = { size: 1, crew: [{ name: 'ann' }] };

const trail: string[] = [];
const log = vi.spyOn(Logger.prototype, 'error');
beforeEach(() => {
  trail.splice(0);
  log.mockReset().mockReturnValue();
});

const boot = (...providers: Provider[]) => CommandBench.boot({ database: new MemoryDatabase(), providers });

/** Leaves `name` on the trail as whatever Nest asks it to be. */
function leaving(name: string) {
  @Injectable()
  class Leaving implements CanActivate, NestInterceptor, PipeTransform {
    canActivate(): boolean {
      trail.push(`${name} guard`);
      return true;
    }
    intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
      trail.push(`${name} in`);
      return next.handle().pipe(tap(() => trail.push(`${name} out`)));
    }
    transform(value: unknown, { type }: ArgumentMetadata): unknown {
      if (type === 'body') trail.push(`${name} pipe`);
      return value;
    }
  }
  return Leaving;
}

describe('Nest’s enhancers', () => {
  it('run in Nest’s order, global ones first', async () => {
    const [Global, Class, Method] = [leaving('global'), leaving('class'), leaving('method')];
    @Gateway()
    @UseGuards(Class)
    @UseInterceptors(Class)
    @UsePipes(Class)
    class CrewGateway {
      @Command(enlist)
      @UseGuards(Method)
      @UseInterceptors(Method)
      @UsePipes(Method)
      enlist(@Payload() crew: Crew): string {
        trail.push(`handler ${crew.constructor.name}`);
        return 'done';
      }
    }
    const bench = await boot(
      CrewGateway,
      { provide: APP_GUARD, useClass: Global },
      { provide: APP_INTERCEPTOR, useClass: Global },
      { provide: APP_PIPE, useClass: Global },
    );
    expect(await bench.send(enlist, valid)).toEqual({ ok: true, result: 'done' });
    expect(trail).toEqual(
      [
        'global guard',
        'class guard',
        'method guard',
        'global in',
        'class in',
        'method in',
        'global pipe',
        'class pipe',
      ].concat(['method pipe', 'handler Crew', 'method out', 'class out', 'global out']),
    );
  });

  it('see the command, its socket, its raw data and the metadata of the method', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Looking implements CanActivate {
      canActivate(execution: ExecutionContext): boolean {
        const ws = execution.switchToWs();
        const { id, name, session } = commandOf(execution);
        const rank: unknown = Reflect.getMetadata('rank', execution.getHandler());
        seen.push(execution.getType(), ws.getClient(), ws.getData(), ws.getPattern(), rank, execution.getClass());
        seen.push(id, name, session);
        return true;
      }
    }
    @Gateway()
    @UseGuards(Looking)
    class CrewGateway {
      @Command(enlist)
      @SetMetadata('rank', 'captain')
      enlist(): void {}
    }
    const bench = await boot(CrewGateway);
    const data = { anything: true };
    await bench.send(enlist, data, { id: 'c-7' });
    const { session } = bench;
    expect(seen).toEqual(
      ['ws', session.socket, data, 'crew.enlist', 'captain', CrewGateway].concat(
        ['c-7', 'crew.enlist'],
        session as never,
      ),
    );
  });

  it('fill parameters: payload, principal, command, transaction, socket and those of the application', async () => {
    const Role = createParamDecorator((role: string, execution: ExecutionContext) => [role, execution.getType()]);
    const given: unknown[] = [];
    @Gateway()
    class CrewGateway {
      @Command(enlist)
      enlist(
        @Role('captain') role: unknown,
        @Tx() tx: object,
        @CurrentCommand() command: CommandContext,
        @CurrentPrincipal() who: unknown,
        @ConnectedSocket() socket: unknown,
        @Payload() crew: Crew,
        @Tx() same: object,
      ): void {
        given.push(
          role,
          typeof (tx as { query?: unknown }).query,
          command.id,
          who,
          socket,
          crew,
          tx === same,
          arguments.length,
        );
      }
    }
    const bench = await boot(CrewGateway);
    expect(await bench.send(enlist, valid, { id: 'c-1' })).toEqual({ ok: true });
    const { principal, socket } = bench.session;
    expect(given).toEqual([['captain', 'ws'], 'function', 'c-1', principal, socket, valid, true, 7]);
    expect(given[5]).toBeInstanceOf(Crew);
  });

  it('leave a handler without parameters without arguments', async () => {
    let given: unknown;
    @Gateway()
    class CrewGateway {
      @Command(enlist)
      enlist(...args: unknown[]): void {
        given = args;
      }
    }
    await (await boot(CrewGateway)).send(enlist, valid);
    expect(given).toEqual([]);
  });

  it('cannot get at the command through a pipe that copies everything', async () => {
    @Injectable()
    class Copying implements PipeTransform {
      transform(value: unknown): unknown {
        return typeof value === 'object' && value !== null ? { ...value } : value;
      }
    }
    @Gateway()
    @UsePipes(Copying)
    class CrewGateway {
      @Command(enlist)
      async enlist(@Payload() _: Crew, @Tx() tx: { query(sql: string, params: unknown[]): Promise<unknown> }) {
        await tx.query('insert', ['row']);
      }
    }
    expect(await (await boot(CrewGateway)).send(enlist, valid)).toEqual({ ok: true });
  });
});

describe('a global ValidationPipe', () => {
  let started = 0;
  @Gateway()
  class CrewGateway {
    @Command(enlist)
    enlist(@Payload() crew: Crew): unknown {
      started++;
      return crew;
    }
  }
  beforeEach(() => {
    started = 0;
  });

  it('refuses an invalid DTO, whose fields the answer names', async () => {
    const bench = await boot(CrewGateway, { provide: APP_PIPE, useValue: new ValidationPipe() });
    const { error } = (await bench.send(enlist, { size: 'one', crew: [{ name: 7 }] })) as never as { error: unknown };
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED', outcome: 'not-applied' });
    const { details } = error as { details: { field: string }[] };
    expect(details.map(({ field }) => field)).toEqual(['size', 'crew.0.name']);
    expect(started).toBe(0);
  });

  it('does not run a transformation twice', async () => {
    class Price {
      @Transform(({ value }) => (value as number) * 100)
      @IsInt()
      amount!: number;
    }
    @Gateway()
    class PriceGateway {
      @Command(defineCommand<{ amount: number }, unknown>('price.set'))
      set(@Payload() price: Price): unknown {
        return price;
      }
    }
    const bench = await boot(PriceGateway, { provide: APP_PIPE, useValue: new ValidationPipe({ transform: true }) });
    expect(await bench.send({ name: 'price.set' }, { amount: 2 })).toEqual({ ok: true, result: { amount: 200 } });
    expect(await bench.send({ name: 'price.set' }, { amount: 2, other: 1 })).toMatchObject({
      error: { code: 'VALIDATION_FAILED', details: [{ field: 'other' }] },
    });
  });

  it('is not needed', async () => {
    const bench = await boot(CrewGateway);
    expect(await bench.send(enlist, { size: 1, crew: [{ name: 7 }] })).toEqual({
      ok: false,
      error: {
        code: 'VALIDATION_FAILED',
        message: 'The data of the command is not valid.',
        retry: 'never',
        outcome: 'not-applied',
        details: [{ field: 'crew.0.name', rules: { isString: 'name must be a string' } }],
      },
    });
    expect(started).toBe(0);
  });
});

describe('an error', () => {
  async function failing(error: Error, ...more: Provider[]) {
    @Gateway()
    class CrewGateway {
      @Command(enlist)
      enlist(): Promise<void> {
        return Promise.reject(error);
      }
    }
    return (await boot(CrewGateway, ...more)).send(enlist);
  }
  const refused = (error: object) => ({ ok: false, error: { ...error, outcome: 'not-applied' } });

  it.each([
    ['an HttpException', new NotFoundException('No such desk'), { code: 'REJECTED', message: 'No such desk' }],
    ['a WsException', new WsException('Desk closed'), { code: 'REJECTED', message: 'Desk closed' }],
    ['a list of texts from the handler', new BadRequestException(['size is odd']), { code: 'REJECTED' }],
    ['a 401', new UnauthorizedException(), { code: 'REJECTED', message: 'Unauthorized', status: 401 }],
    ['a 403', new ForbiddenException(), { code: 'FORBIDDEN' }],
  ])('that is %s goes to the client and not into the log', async (_, error, wire) => {
    expect(await failing(error)).toMatchObject(refused(wire));
    expect(log).not.toHaveBeenCalled();
  });

  it('that nobody knows is logged once, under the id that the client gets, and tells nothing', async () => {
    const error = new Error('secret');
    const answer = await failing(error);
    expect(answer).toEqual(
      refused({
        code: 'INTERNAL',
        message: 'The server failed to handle the request.',
        retry: 'never',
        errorId: expect.any(String) as string,
      }),
    );
    const { errorId } = (answer as never as { error: { errorId: string } }).error;
    expect(log.mock.calls).toEqual([[`command crew.enlist failed (errorId ${errorId}): secret`, error.stack]]);
  });

  it('goes to a global filter, which may answer', async () => {
    @Catch(NotFoundException)
    class Answering implements ExceptionFilter {
      catch(error: NotFoundException): unknown {
        return { instead: error.message };
      }
    }
    const filter = { provide: APP_FILTER, useClass: Answering };
    expect(await failing(new NotFoundException('gone'), filter)).toEqual({ ok: true, result: { instead: 'gone' } });
    expect(await failing(new WsException('other'), filter)).toMatchObject(refused({ message: 'other' }));
  });

  it.each([
    ['at once', () => undefined],
    ['later', () => Promise.resolve()],
  ])('stays one when a filter only looks at it, %s', async (_, answer) => {
    @Catch()
    class Looking implements ExceptionFilter {
      catch(): unknown {
        trail.push('seen');
        return answer();
      }
    }
    @Gateway()
    @UseFilters(Looking)
    class CrewGateway {
      @Command(enlist)
      enlist(): void {
        throw new NotFoundException('gone');
      }
    }
    expect(await (await boot(CrewGateway)).send(enlist)).toMatchObject(refused({ code: 'REJECTED', message: 'gone' }));
    expect(trail).toEqual(['seen']);
  });

  it('of a filter takes the place of the first one', async () => {
    @Catch()
    class Changing implements ExceptionFilter {
      catch(): never {
        throw new WsException('changed');
      }
    }
    const answer = await failing(new Error('first'), { provide: APP_FILTER, useClass: Changing });
    expect(answer).toMatchObject(refused({ code: 'REJECTED', message: 'changed' }));
  });

  it('of a parameter decorator outside of commands says where it belongs', () => {
    const execution = { getArgByIndex: () => 'next', getClass: () => CommandBench, getHandler: () => boot };
    expect(() => commandOf(execution as never)).toThrow('CommandBench.boot is not called by a command');
  });
});

it('answers COMMAND_UNKNOWN and FRAME_INVALID, and counts every answer', async () => {
  const bench = await boot();
  expect(await bench.send({ name: 'crew.enlist' })).toMatchObject({
    error: { code: 'COMMAND_UNKNOWN', outcome: 'not-applied' },
  });
  const bodies = [undefined, null, 'text', 7, [], {}, { id: 'a b', name: 'crew.enlist' }, { id: 'a', name: 'enlist' }];
  for (const body of [...bodies, { id: 'a'.repeat(65), name: 'crew.enlist' }, { id: 'a', name: ['crew.enlist'] }]) {
    await expect(bench.route.handle(bench.session, body)).rejects.toMatchObject({ code: 'FRAME_INVALID' });
  }
  expect(
    bench.recorder.valueOf(
      { kind: 'counter', name: 'realtime_command_answered_total', help: '' },
      { result: 'refused' },
    ),
  ).toBe(11);
});
