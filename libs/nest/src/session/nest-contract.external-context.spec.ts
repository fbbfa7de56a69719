import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  BadRequestException,
  Catch,
  createParamDecorator,
  ForbiddenException,
  Injectable,
  Module,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  type ArgumentMetadata,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, ExternalContextCreator, Reflector } from '@nestjs/core';
import { Ack, ConnectedSocket, MessageBody } from '@nestjs/websockets';
import { Test } from '@nestjs/testing';
import { IsInt, IsString } from 'class-validator';
import { map, type Observable } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NestInvoker, type Invocation } from './nest-invoker.js';
import type { Session } from './session.js';

/** What ran, in order; each enhancer and handler of this file writes here. */
let trace: string[];
const open: INestApplication[] = [];
const socket = { id: 'socket-1' };
const session = { socket, subject: 'ann' } as unknown as Session;
const storage = new AsyncLocalStorage<string>();

beforeEach(() => (trace = []));
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

class BookDto {
  @IsString() gate!: string;
  @IsInt() seats!: number;
}

function guard(name: string, allows = true) {
  @Injectable()
  class NamedGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      trace.push(`${name} ${context.getType()} ${context.getClass().name}.${context.getHandler().name}`);
      return allows;
    }
  }
  return NamedGuard;
}

function interceptor(name: string) {
  @Injectable()
  class NamedInterceptor implements NestInterceptor {
    intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
      trace.push(`${name} in`);
      return next.handle().pipe(map((value: unknown) => `${name}(${String(value)})`));
    }
  }
  return NamedInterceptor;
}

function pipe(name: string) {
  @Injectable()
  class NamedPipe implements PipeTransform {
    transform(value: unknown, { type }: ArgumentMetadata): unknown {
      trace.push(`${name} ${type}`);
      return value;
    }
  }
  return NamedPipe;
}

function filter(name: string, answer: unknown) {
  @Catch(ForbiddenException, RangeError)
  class NamedFilter implements ExceptionFilter {
    catch(error: Error, host: ArgumentsHost): unknown {
      trace.push(`${name} ${error.constructor.name} ${host.getType()} ${host.switchToWs().getPattern()}`);
      return answer;
    }
  }
  return NamedFilter;
}

type Setup = (app: INestApplication) => void;

/** The method `handle` of `Desk`, in a whole application. */
async function bind(
  Desk: new (...args: never[]) => object,
  providers: readonly Provider[] = [],
  setup: Setup = () => {},
): Promise<Invocation> {
  class DeskModule {}
  Module({ providers: [Desk, ...providers] })(DeskModule);
  const tested = await Test.createTestingModule({ imports: [DeskModule] }).compile();
  const app = tested.createNestApplication({ logger: false });
  open.push(app);
  setup(app);
  await app.init();
  return new NestInvoker(app.get(ExternalContextCreator, { strict: false })).bind(app.get(Desk), 'handle');
}

const run = (invoke: Invocation, data: unknown = { gate: 'A1', seats: 2 }): Promise<unknown> =>
  invoke(session, data, { command: 1 }, 'seat.book');

describe('enhancers around a method outside of Nest’s own gateways', () => {
  it('local and global ones apply, global first, guards before interceptors before pipes', async () => {
    @UseGuards(guard('local guard'))
    @UseInterceptors(interceptor('local interceptor'))
    @UsePipes(pipe('local pipe'))
    class Desk {
      @UseGuards(guard('method guard'))
      handle(@MessageBody() dto: BookDto): string {
        trace.push('handler');
        return dto.gate;
      }
    }
    const invoke = await bind(Desk, [
      { provide: APP_GUARD, useClass: guard('global guard') },
      { provide: APP_INTERCEPTOR, useClass: interceptor('global interceptor') },
      { provide: APP_PIPE, useClass: pipe('global pipe') },
    ]);
    expect(await run(invoke)).toBe('global interceptor(local interceptor(A1))');
    expect(trace).toEqual([
      'global guard ws Desk.handle',
      'local guard ws Desk.handle',
      'method guard ws Desk.handle',
      'global interceptor in',
      'local interceptor in',
      'global pipe body',
      'local pipe body',
      'handler',
    ]);
  });

  it('global ones that the application sets itself apply too', async () => {
    class Desk {
      handle(@MessageBody() dto: BookDto): string {
        return dto.gate;
      }
    }
    const [Guard, Interceptor, Pipe] = [guard('guard'), interceptor('interceptor'), pipe('pipe')];
    const invoke = await bind(Desk, [], (app) => {
      app.useGlobalGuards(new Guard());
      app.useGlobalInterceptors(new Interceptor());
      app.useGlobalPipes(new Pipe());
    });
    expect(await run(invoke)).toBe('interceptor(A1)');
    expect(trace).toHaveLength(3);
  });

  it('a guard that refuses rejects the call, and nothing behind it runs', async () => {
    @UseGuards(guard('refusing', false))
    class Desk {
      handle(): void {
        trace.push('handler');
      }
    }
    await expect(run(await bind(Desk, [{ provide: APP_PIPE, useClass: pipe('pipe') }]))).rejects.toBeInstanceOf(
      ForbiddenException,
    );
    expect(trace).toHaveLength(1);
  });

  it('guards read the metadata of the method', async () => {
    const Roles = (role: string) => SetMetadata('role', role);
    @Injectable()
    class RoleGuard implements CanActivate {
      constructor(private readonly reflector: Reflector) {}
      canActivate(context: ExecutionContext): boolean {
        return this.reflector.get<string>('role', context.getHandler()) === 'chief';
      }
    }
    class Desk {
      @Roles('chief')
      @UseGuards(RoleGuard)
      handle(): string {
        return 'done';
      }
    }
    expect(await run(await bind(Desk))).toBe('done');
  });

  it('a local filter comes before a global one, and its answer is the result', async () => {
    @UseFilters(filter('local', 'from the local'))
    class Desk {
      handle(): void {
        throw new RangeError('no');
      }
    }
    const invoke = await bind(Desk, [{ provide: APP_FILTER, useClass: filter('global', 'from the global') }]);
    expect(await run(invoke)).toBe('from the local');
    expect(trace).toEqual(['local RangeError ws seat.book']);
  });

  it('a global filter takes what a guard refused', async () => {
    @UseGuards(guard('refusing', false))
    class Desk {
      handle(): void {}
    }
    const Filter = filter('global', 'filtered');
    const invoke = await bind(Desk, [], (app) => app.useGlobalFilters(new Filter()));
    expect(await run(invoke)).toBe('filtered');
  });

  it('a filter that answers nothing has not handled the error', async () => {
    @UseFilters(filter('local', undefined))
    class Desk {
      handle(): void {
        throw new RangeError('no');
      }
    }
    await expect(run(await bind(Desk))).rejects.toBeInstanceOf(RangeError);
  });
});

describe('arguments', () => {
  it('users’ parameter decorators see the raw call', async () => {
    const Raw = createParamDecorator((key: string, context: ExecutionContext) => {
      const ws = context.switchToWs();
      return [key, ws.getClient(), ws.getData(), ws.getPattern(), context.getArgByIndex(2)];
    });
    class Desk {
      handle(@MessageBody() dto: BookDto, @Raw('key') raw: unknown[], @ConnectedSocket() client: object): unknown[] {
        return [dto.gate, ...raw, client];
      }
    }
    const data = { gate: 'A1', seats: 2 };
    expect(await run(await bind(Desk), data)).toEqual(['A1', 'key', socket, data, 'seat.book', { command: 1 }, socket]);
  });

  it('one property of the body can be asked for', async () => {
    class Desk {
      handle(@MessageBody('gate') gate: string): string {
        return gate;
      }
    }
    const invoke = await bind(Desk);
    expect(await run(invoke)).toBe('A1');
    for (const nothing of [null, 7, 'text']) expect(await run(invoke, nothing)).toBeUndefined();
  });

  it('a method without decorators gets the socket and the body', async () => {
    class Desk {
      handle(...args: unknown[]): unknown[] {
        return args.slice(0, 2);
      }
    }
    expect(await run(await bind(Desk), 1)).toEqual([socket, 1]);
  });

  it('@Ack() is refused by name: there is none', async () => {
    class Desk {
      handle(@Ack() acknowledge: unknown): unknown {
        return acknowledge;
      }
    }
    await expect(run(await bind(Desk))).rejects.toThrow('@Ack()');
  });

  it.each([
    ['as provider', [{ provide: APP_PIPE, useValue: new ValidationPipe({ transform: true }) }], () => {}],
    ['of the application', [], (app: INestApplication) => app.useGlobalPipes(new ValidationPipe({ transform: true }))],
  ] as const)('a global ValidationPipe %s sees the DTO', async (_, providers, setup) => {
    class Desk {
      handle(@MessageBody() dto: BookDto): boolean {
        return dto instanceof BookDto;
      }
    }
    const invoke = await bind(Desk, providers, setup);
    expect(await run(invoke)).toBe(true);
    for (const invalid of [{ gate: 'A1', seats: 'two' }, {}, { gate: 7, seats: 2 }]) {
      await expect(run(invoke, invalid)).rejects.toBeInstanceOf(BadRequestException);
    }
  });
});

describe('the call', () => {
  it('keeps AsyncLocalStorage through guards, interceptors, pipes and the method', async () => {
    const note = (where: string) => trace.push(`${where}: ${storage.getStore()}`);
    @Injectable()
    class Noting implements CanActivate, NestInterceptor, PipeTransform {
      canActivate(): boolean {
        return note('guard') > 0;
      }
      intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
        note('interceptor');
        return next.handle().pipe(map((value: unknown) => [value, note('after')]));
      }
      transform(value: unknown): unknown {
        note('pipe');
        return value;
      }
    }
    @UseGuards(Noting)
    @UseInterceptors(Noting)
    @UsePipes(Noting)
    class Desk {
      async handle(@MessageBody() dto: BookDto): Promise<string> {
        await Promise.resolve();
        note('handler');
        return dto.gate;
      }
    }
    const invoke = await bind(Desk, [Noting]);
    await Promise.all([storage.run('one', () => run(invoke)), storage.run('two', () => run(invoke))]);
    const steps = ['guard', 'interceptor', 'pipe', 'handler', 'after'];
    for (const id of ['one', 'two']) {
      expect(trace.filter((line) => line.endsWith(id))).toEqual(steps.map((step) => `${step}: ${id}`));
    }
    expect(trace).toHaveLength(10);
  });

  it('happens on the instance, with its dependencies', async () => {
    class Desk {
      readonly gate = 'B2';
      handle(): string {
        return this.gate;
      }
    }
    expect(await run(await bind(Desk))).toBe('B2');
  });

  it('turns an error into a rejection, also one that is thrown at once', async () => {
    class Desk {
      handle(): never {
        throw new RangeError('no');
      }
    }
    await expect(run(await bind(Desk))).rejects.toBeInstanceOf(RangeError);
  });

  it('may be surrounded, inside of the enhancers', async () => {
    @UseInterceptors(interceptor('interceptor'))
    class Desk {
      handle(@MessageBody() dto: BookDto): string {
        return dto.gate;
      }
    }
    const app = await Test.createTestingModule({ providers: [Desk] }).compile();
    const invoker = new NestInvoker(app.get(ExternalContextCreator, { strict: false }));
    const invoke = invoker.bind(app.get(Desk), 'handle', (call, args) => {
      trace.push(`around ${args.length}`);
      return call(...args);
    });
    expect(await run(invoke)).toBe('interceptor(A1)');
    expect(trace).toEqual(['interceptor in', 'around 1']);
  });

  it('is refused for what is no method', async () => {
    class Desk {
      readonly handle = 7;
    }
    await expect(bind(Desk)).rejects.toThrow('Desk.handle is not a method');
  });
});
