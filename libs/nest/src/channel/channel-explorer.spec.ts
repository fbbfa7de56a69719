import {
  Injectable,
  Module,
  Scope,
  UseGuards,
  Logger,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { MessageBody } from '@nestjs/websockets';
import { APP_GUARD, APP_INTERCEPTOR, DiscoveryModule, DiscoveryService, ExternalContextCreator } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { defineChannel, event } from '@millrace/protocol';
import { map } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { channelNamed } from '../hub/testing/hub-bench.js';
import { RecordingRooms } from '../hub/testing/recording-rooms.js';
import { NestInvoker } from '../session/nest-invoker.js';
import { sessionOf } from '../session/session-of.js';
import { ChannelExplorer } from './channel-explorer.js';
import { ChannelPolicy } from './channel-policy.decorator.js';
import { ChannelRegistry } from './channel-registry.js';
import type { Policy } from './policy.js';
import { FakeSession } from './testing/fake-session.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { noted: event<number>() } });
const sfo = channelNamed('desk.SFO');

@Module({ imports: [DiscoveryModule] })
class TestModule {}

async function boot(...providers: unknown[]): Promise<ChannelRegistry> {
  const tested = await Test.createTestingModule({ imports: [TestModule], providers: providers as Type[] }).compile();
  const registry = new ChannelRegistry();
  const invoker = new NestInvoker(tested.get(ExternalContextCreator, { strict: false }));
  new ChannelExplorer(tested.get(DiscoveryService, { strict: false }), registry, invoker).bind();
  return registry;
}

async function ask(registry: ChannelRegistry, purpose: 'subscribe' | 'history' = 'subscribe'): Promise<boolean> {
  const { policy, params } = registry.find(sfo)!;
  return policy.allows(purpose, new FakeSession(new RecordingRooms()), sfo, params);
}

interface Seen {
  readonly data: unknown;
  readonly pattern: string;
  readonly type: string;
  readonly principal: unknown;
}
const seen: Seen[] = [];

@Injectable()
class Watching implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const ws = context.switchToWs();
    const { principal } = sessionOf(context);
    seen.push({ data: ws.getData(), pattern: ws.getPattern(), type: context.getType(), principal });
    return true;
  }
}

@Injectable()
class Refusing implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

describe('@ChannelPolicy', () => {
  it('asks the policy about the principal and the parameters', async () => {
    const asked: unknown[] = [];
    @ChannelPolicy(desk)
    class DeskPolicy implements Policy {
      subscribe(...question: unknown[]): boolean {
        asked.push(question);
        return true;
      }
    }
    const registry = await boot(DeskPolicy);
    expect(await ask(registry)).toBe(true);
    expect(await ask(registry, 'history')).toBe(true);
    expect(asked).toEqual([1, 2].map(() => [{ name: 'ann' }, { airport: 'SFO' }]));
    expect(registry.has(desk)).toBe(true);
    expect(registry.has(defineChannel('gate.:id', { delivery: 'live', events: {} }))).toBe(false);
  });

  it('runs guards of the class, of the method and global ones, with the channel before them', async () => {
    seen.splice(0);
    @ChannelPolicy(desk)
    @UseGuards(Watching)
    class DeskPolicy {
      @UseGuards(Watching)
      subscribe(): Promise<boolean> {
        return Promise.resolve(true);
      }
    }
    expect(await ask(await boot(DeskPolicy, Watching, { provide: APP_GUARD, useClass: Watching }))).toBe(true);
    expect(seen).toEqual(
      [1, 2, 3].map(() => ({
        data: { channel: sfo, params: { airport: 'SFO' } },
        pattern: sfo,
        type: 'ws',
        principal: { name: 'ann' },
      })),
    );
  });

  it('rejects with the exception of a guard that refuses', async () => {
    @ChannelPolicy(desk)
    @UseGuards(Refusing)
    class DeskPolicy {
      subscribe(): boolean {
        return true;
      }
    }
    await expect(ask(await boot(DeskPolicy))).rejects.toMatchObject({ status: 403 });
  });

  it('takes nothing but true for a yes, and says once when it was no answer at all', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    @Injectable()
    class Wrapping implements NestInterceptor {
      intercept(_: ExecutionContext, next: CallHandler) {
        return next.handle().pipe(map((data: unknown) => ({ data })));
      }
    }
    @ChannelPolicy(desk)
    class DeskPolicy {
      subscribe(): boolean {
        return true;
      }
    }
    expect(await ask(await boot(DeskPolicy))).toBe(true);
    expect(warn).not.toHaveBeenCalled();
    const registry = await boot(DeskPolicy, { provide: APP_INTERCEPTOR, useClass: Wrapping });
    expect([await ask(registry), await ask(registry)]).toEqual([false, false]);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/desk.:airport did not answer subscribe with true/)]]);
    warn.mockRestore();
  });
});

describe('ChannelExplorer', () => {
  it.each(['desk.:airport', 'desk.:code', 'desk.SFO', ':kind.SFO', ':a.:b'])(
    'stops the boot for a second policy on %s',
    async (pattern) => {
      @ChannelPolicy(desk)
      class One {
        subscribe = (): boolean => true;
      }
      @ChannelPolicy(defineChannel(pattern, { delivery: 'durable', events: {} }))
      class Two {
        subscribe = (): boolean => true;
      }
      await expect(boot(One, Two)).rejects.toThrow(/Two policies could decide.*"desk.:airport"/);
    },
  );

  it.each(['desk', 'desk.:airport.gates', 'gate.:id'])('takes a second policy on %s', async (pattern) => {
    @ChannelPolicy(desk)
    class One {
      subscribe(): boolean {
        return true;
      }
    }
    @ChannelPolicy(defineChannel(pattern, { delivery: 'durable', events: {} }))
    class Two {
      subscribe(): boolean {
        return true;
      }
    }
    expect((await boot(One, Two)).find(sfo)?.params).toEqual({ airport: 'SFO' });
  });

  it('stops the boot for a policy without subscribe()', async () => {
    @ChannelPolicy(desk)
    class DeskPolicy {}
    await expect(boot(DeskPolicy)).rejects.toThrow(
      'DeskPolicy is under @ChannelPolicy() but has no method subscribe()',
    );
  });

  it('stops the boot for a policy that is request-scoped', async () => {
    @ChannelPolicy(desk)
    @Injectable({ scope: Scope.REQUEST })
    class DeskPolicy {
      subscribe(): boolean {
        return true;
      }
    }
    await expect(boot(DeskPolicy)).rejects.toThrow('DeskPolicy, something that it depends on');
    @Injectable({ scope: Scope.REQUEST })
    class Request {}
    @ChannelPolicy(desk)
    class Dependent {
      constructor(readonly request: Request) {}
      subscribe(): boolean {
        return true;
      }
    }
    await expect(boot(Request, Dependent)).rejects.toThrow('Dependent, something that it depends on');
    // Of what is transient Nest hands out an instance whose constructor never ran.
    @ChannelPolicy(desk)
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient {
      subscribe(): boolean {
        return true;
      }
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class TransientGuard extends Refusing {}
    @ChannelPolicy(desk)
    class Guarded {
      @UseGuards(TransientGuard)
      subscribe(): boolean {
        return true;
      }
    }
    await expect(boot(Transient)).rejects.toThrow('Transient, something that it depends on');
    await expect(boot(Guarded)).rejects.toThrow('Guarded, something that it depends on');
  });

  it('takes a policy that a factory made, unless its guards would not be asked', async () => {
    @ChannelPolicy(desk)
    class Open {
      subscribe(): boolean {
        return true;
      }
    }
    @ChannelPolicy(desk)
    @UseGuards(Refusing)
    class Guarded extends Open {}
    @ChannelPolicy(desk)
    @UseGuards(new Refusing())
    class GuardedByInstance extends Open {}
    expect(await ask(await boot({ provide: 'policy', useFactory: () => new Open() }))).toBe(true);
    await expect(boot({ provide: Guarded, useFactory: () => new Guarded() })).rejects.toThrow(
      'Refusing would not be asked, because Nest does not make Guarded itself',
    );
    const guarded = await boot({ provide: 'policy', useValue: new GuardedByInstance() });
    await expect(ask(guarded)).rejects.toMatchObject({ status: 403 });
    await expect(ask(await boot({ provide: 'policy', useClass: Guarded }))).rejects.toMatchObject({ status: 403 });
  });

  it('stops the boot for decorated parameters', async () => {
    @ChannelPolicy(desk)
    class DeskPolicy {
      subscribe(@MessageBody() body: unknown): boolean {
        return body === 1;
      }
    }
    await expect(boot(DeskPolicy)).rejects.toThrow('DeskPolicy.subscribe has decorated parameters');
  });
});
