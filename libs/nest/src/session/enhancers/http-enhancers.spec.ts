import 'reflect-metadata';
import {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  Catch,
  ExceptionFilter,
  ExecutionContext,
  ForbiddenException,
  HttpException,
  Injectable,
  Logger,
  Module,
  NestInterceptor,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  type INestApplication,
  type Provider,
} from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  BaseExceptionFilter,
  ExternalContextCreator,
  HttpAdapterHost,
} from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { throwError, type Observable } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CodedAnswer } from '../coded-answer.js';
import { NestInvoker } from '../nest-invoker.js';
import type { Session } from '../session.js';

interface HttpLike {
  readonly headers: Readonly<Record<string, string>>;
  status(code: number): HttpLike;
  json(body: unknown): unknown;
  header(name: string, value: string): unknown;
}

/** As Nest's documentation has it. */
@Injectable()
class HeaderGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    await Promise.resolve();
    const request = context.switchToHttp().getRequest<HttpLike>();
    const [type, token] = request.headers['authorization']?.split(' ') ?? [];
    if (type !== 'Bearer' || token === undefined) throw new UnauthorizedException();
    return true;
  }
}

/** As a throttler does. */
@Injectable()
class ResponseGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    context.switchToHttp().getResponse<HttpLike>().header('X-Limit', '10');
    return true;
  }
}

@Injectable()
class ObservingGuard implements CanActivate {
  canActivate(): Observable<boolean> {
    return throwError(() => new ReferenceError('request is not defined'));
  }
}

@Injectable()
class UrlInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    context.switchToHttp().getRequest<{ url: string }>().url.slice(1);
    return next.handle();
  }
}

/** As Nest's documentation has it. */
@Catch()
class ResponseFilter implements ExceptionFilter {
  catch(error: HttpException, host: ArgumentsHost): unknown {
    const response = host.switchToHttp().getResponse<HttpLike>();
    return response.status(error.getStatus()).json({ statusCode: error.getStatus() });
  }
}

@Catch()
class StockFilter extends BaseExceptionFilter {}

/** The one that catches everything, as Nest's documentation has it. */
@Catch()
class AdapterFilter implements ExceptionFilter {
  constructor(private readonly adapters: HttpAdapterHost) {}
  catch(_: unknown, host: ArgumentsHost): void {
    const context = host.switchToHttp();
    this.adapters.httpAdapter.reply(context.getResponse(), { path: context.getRequest<unknown>() }, 500);
  }
}

function answering(answer: (error: HttpException) => unknown) {
  @Catch()
  class AnsweringFilter implements ExceptionFilter {
    catch(error: HttpException): unknown {
      return answer(error);
    }
  }
  return AnsweringFilter;
}

const open: INestApplication[] = [];
let logged: string[];
beforeEach(() => {
  logged = [];
  vi.spyOn(Logger.prototype, 'error').mockImplementation((text: unknown) => void logged.push(String(text)));
});
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
  vi.restoreAllMocks();
});

class Desk {
  handle(): string {
    throw new ForbiddenException();
  }
  take(): string {
    return 'taken';
  }
}

/** What a client is told by a desk with these enhancers around it. */
async function ask(providers: readonly Provider[], method: 'handle' | 'take' = 'take', Of: new () => Desk = Desk) {
  class DeskModule {}
  Module({ providers: [Of, ...providers] })(DeskModule);
  const tested = await Test.createTestingModule({ imports: [DeskModule] }).compile();
  const app = tested.createNestApplication({ logger: false });
  open.push(app);
  await app.init();
  const invoker = new NestInvoker(app.get(ExternalContextCreator, { strict: false }));
  const invoke = invoker.bind(app.get(Of), method);
  let ids = 0;
  const answers = new CodedAnswer({ next: () => `error-${++ids}` });
  const session = { socket: { id: 'socket-1' } } as unknown as Session;
  return () =>
    invoke(session, { seats: 1 }, {}, 'desk.take').catch((error: unknown) => answers.ofRepeatable(error, 'desk.take'));
}

describe('a guard that is written for HTTP', () => {
  it.each([
    ['a global one that reads headers', [{ provide: APP_GUARD, useClass: HeaderGuard }], 'guard HeaderGuard'],
    ['a global one that writes headers', [{ provide: APP_GUARD, useClass: ResponseGuard }], 'guard ResponseGuard'],
    ['one that answers later', [{ provide: APP_GUARD, useClass: ObservingGuard }], 'guard ObservingGuard'],
    ['an interceptor', [{ provide: APP_INTERCEPTOR, useClass: UrlInterceptor }], 'interceptor UrlInterceptor'],
  ])('%s is named in the log once, with a remedy, and its callers come back slowly', async (_, providers, name) => {
    const call = await ask(providers);
    for (let count = 0; count < 3; count++) {
      expect(await call()).toMatchObject({
        code: 'INTERNAL',
        errorId: 'error-1',
        retry: 'backoff',
        retryAfterMs: 30_000,
      });
    }
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain(name);
    expect(logged[0]).toContain("if (context.getType() !== 'http')");
  });

  it('is found on a class and on a method too', async () => {
    @UseGuards(ResponseGuard)
    class GuardedDesk extends Desk {
      @UseGuards(HeaderGuard)
      override take(): string {
        return 'taken';
      }
    }
    await (
      await ask([], 'take', GuardedDesk)
    )();
    expect(logged[0]).toContain('guard ResponseGuard');
  });

  it('that refuses on purpose is not called broken', async () => {
    @Injectable()
    class Refusing implements CanActivate {
      canActivate(): boolean {
        throw new HttpException('Slower', 429);
      }
    }
    const call = await ask([{ provide: APP_GUARD, useClass: Refusing }]);
    expect(await call()).toMatchObject({ code: 'TOO_MANY_REQUESTS', message: 'Slower', retry: 'backoff' });
    expect(logged).toEqual([]);
  });
});

describe('a filter that is written for HTTP', () => {
  it.each([
    ['writes to the response', ResponseFilter],
    ['is Nest’s own', StockFilter],
    ['goes through the adapter', AdapterFilter],
  ])('and %s leaves the error that it was asked about, and is named in the log once', async (_, filter) => {
    const call = await ask([{ provide: APP_FILTER, useClass: filter }], 'handle');
    for (let count = 0; count < 3; count++) expect(await call()).toMatchObject({ code: 'FORBIDDEN', retry: 'never' });
    const told = logged.filter((text) => text.includes(`Filter ${filter.name}`));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain("if (host.getType() !== 'http')");
  });

  it('is found on a class too', async () => {
    @UseFilters(ResponseFilter)
    class FilteredDesk extends Desk {}
    expect(await (await ask([], 'handle', FilteredDesk))()).toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('a filter', () => {
  it.each([
    [
      'an object with an HTTP status',
      () => ({ statusCode: 404, message: 'No desk' }),
      { code: 'REJECTED', message: 'No desk' },
    ],
    ['an object with the status of a fault', () => ({ statusCode: 500, message: 'No desk' }), { code: 'FORBIDDEN' }],
    ['an exception', () => new HttpException('Full', 409), { code: 'REJECTED', message: 'Full', status: 409 }],
    ['the same exception', (error: Error) => error, { code: 'FORBIDDEN' }],
  ])('that answers with %s makes no success of a refusal', async (_, answer, wire) => {
    const call = await ask([{ provide: APP_FILTER, useClass: answering(answer) }], 'handle');
    expect(await call()).toMatchObject(wire);
    expect(logged).toEqual([]);
  });

  it.each([
    ['an object', { seats: 0 }],
    ['an object with another number', { statusCode: 200 }],
    ['text', 'none'],
  ])('may answer with %s', async (_, answer) => {
    const call = await ask([{ provide: APP_FILTER, useClass: answering(() => answer) }], 'handle');
    expect(await call()).toEqual(answer);
  });
});
