import { Controller, Injectable, Scope, UseGuards, type CanActivate, type Provider } from '@nestjs/common';
import { MessageBody } from '@nestjs/websockets';
import { defineCommand } from '@millrace/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { BootError } from '../core/boot-error.js';
import { Command, CurrentPrincipal, Gateway, Payload, Tx } from './command.decorators.js';
import { CommandBench } from './testing/command-bench.js';
import { MemoryDatabase } from './testing/memory-database.js';

const open = defineCommand<unknown, unknown>('desk.open');
const close = defineCommand<unknown, unknown>('desk.close');

class Dto {
  @IsString() name!: string;
}

const boot = (...providers: Provider[]) => CommandBench.boot({ database: new MemoryDatabase(), providers });

async function expectRefused(message: string | RegExp, ...providers: Provider[]): Promise<void> {
  const booted = boot(...providers);
  await expect(booted).rejects.toThrow(BootError);
  await expect(booted).rejects.toThrow(message);
}

describe('the boot stops', () => {
  it('for @Command() outside of @Gateway(), in providers and controllers', async () => {
    @Injectable()
    class Desk {
      @Command(open)
      open(): void {}
    }
    await expectRefused('Desk.open is under @Command(), but its class is not under @Gateway()', Desk);
    @Controller()
    class DeskController {
      @Command(open)
      open(): void {}
    }
    const controllers = { module: class Some {}, controllers: [DeskController] };
    await expect(
      CommandBench.boot({ database: new MemoryDatabase(), providers: [], imports: [controllers] }),
    ).rejects.toThrow('DeskController.open is under @Command(), but');
  });

  it('for two handlers of one command', async () => {
    @Gateway()
    class One {
      @Command(open)
      open(): void {}
    }
    @Gateway()
    class Two {
      @Command(open)
      openToo(): void {}
    }
    await expectRefused('One.open and Two.openToo both take the command "desk.open"', One, Two);
    @Gateway()
    class Both {
      @Command(open)
      first(): void {}
      @Command(open)
      second(): void {}
    }
    await expectRefused('Both.first and Both.second both take', Both);
    await expectRefused('One.open is provided twice', One, { provide: 'again', useClass: One });
  });

  it('for a gateway that is no singleton, whatever makes it so', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Request {}
    @Injectable({ scope: Scope.REQUEST })
    class RequestGuard implements CanActivate {
      canActivate(): boolean {
        return true;
      }
    }
    @Gateway()
    @Injectable({ scope: Scope.REQUEST })
    class Below {
      @Command(open)
      open(): void {}
    }
    @Injectable({ scope: Scope.REQUEST })
    @Gateway()
    class Above {
      @Command(open)
      open(): void {}
    }
    @Gateway()
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient {
      @Command(open)
      open(): void {}
    }
    @Gateway()
    class Dependent {
      constructor(readonly request: Request) {}
      @Command(open)
      open(): void {}
    }
    @Gateway()
    class Guarded {
      @Command(open)
      @UseGuards(RequestGuard)
      open(): void {}
    }
    // Of a transient guard Nest hands out an instance whose constructor never ran.
    @Injectable({ scope: Scope.TRANSIENT })
    class TransientGuard extends RequestGuard {}
    @Gateway()
    @UseGuards(TransientGuard)
    class GuardedAnew {
      @Command(open)
      open(): void {}
    }
    for (const gateway of [Below, Above, Transient, Dependent, Guarded, GuardedAnew]) {
      const message = `${gateway.name}.open handles a command, but ${gateway.name}, something`;
      await expectRefused(message, gateway, Request, RequestGuard);
    }
  });

  it('for a guard that would not be asked, because somebody else has made the gateway', async () => {
    @Injectable()
    class Refusing implements CanActivate {
      canActivate(): boolean {
        return false;
      }
    }
    @Gateway()
    @UseGuards(Refusing)
    class OnClass {
      @Command(open)
      open(): void {}
    }
    @Gateway()
    class OnMethod {
      @Command(open)
      @UseGuards(Refusing)
      open(): void {}
    }
    @Gateway()
    @UseGuards(new Refusing())
    class ByInstance {
      @Command(open)
      open(): void {}
    }
    for (const type of [OnClass, OnMethod]) {
      const message = `Refusing would not be asked, because Nest does not make ${type.name} itself`;
      await expectRefused(message, { provide: type, useFactory: () => new type() });
      await expectRefused(message, { provide: 'desk', useValue: new type() });
    }
    const asked = [
      { provide: 'desk', useClass: OnClass },
      { provide: 'desk', useClass: OnMethod },
      { provide: ByInstance, useValue: new ByInstance() },
    ];
    for (const provider of asked) {
      expect(await (await boot(provider)).send(open)).toMatchObject({ error: { code: 'FORBIDDEN' } });
    }
  });

  it('for a payload that nothing would validate', async () => {
    interface Shape {
      readonly name: string;
    }
    class NoRules {
      name!: string;
    }
    @Gateway()
    class OfInterface {
      @Command(open)
      open(@CurrentPrincipal() who: unknown, @Payload() dto: Shape): unknown {
        return [who, dto];
      }
    }
    @Gateway()
    class OfText {
      @Command(open)
      open(@Payload() given: string): unknown {
        return given;
      }
    }
    @Gateway()
    class OfList {
      @Command(open)
      open(@Payload() given: Dto[]): unknown {
        return given;
      }
    }
    @Gateway()
    class WithoutRules {
      @Command(open)
      open(@Payload() given: NoRules): unknown {
        return given;
      }
    }
    for (const gateway of [OfInterface, OfText, OfList, WithoutRules]) {
      await expectRefused(`The payload of ${gateway.name}.open has no DTO class`, gateway);
    }
    @Gateway()
    class Raw {
      @Command(open)
      open(@MessageBody() given: Dto): unknown {
        return given;
      }
    }
    await expectRefused('The payload of Raw.open is not validated: use @Payload()', Raw);
    @Gateway()
    class NoSchema {
      @Command(open)
      open(@Payload({ schema: {} as StandardSchemaV1 }) given: Shape): unknown {
        return given;
      }
    }
    await expectRefused('The schema of the payload of NoSchema.open is no Standard Schema', NoSchema);
  });

  it('for a type that was imported as a type, or a compiler that leaves no types', async () => {
    @Gateway()
    class Typed {
      @Command(open)
      open(@Payload() given: Dto): unknown {
        return given;
      }
    }
    // What the compiler leaves of `import type`.
    for (const types of [[Function], [Object], undefined]) {
      Reflect.defineMetadata('design:paramtypes', types, Typed.prototype, 'open');
      await expectRefused(/The payload of Typed.open has no DTO class.*imported as a value, not as a type/, Typed);
    }
  });

  it('for a parameter without a decorator', async () => {
    @Gateway()
    class Desk {
      @Command(open)
      open(@Tx() tx: unknown, dto: Dto): unknown {
        return [tx, dto];
      }
    }
    await expectRefused('Parameter 2 of Desk.open has no decorator', Desk);
    @Gateway()
    class Bare {
      @Command(open)
      open(given: Dto): unknown {
        return given;
      }
    }
    await expectRefused('Parameter 1 of Bare.open has no decorator', Bare);
  });

  it('for @Tx() without a transaction', async () => {
    @Gateway()
    class Desk {
      @Command(open, { transaction: false })
      open(@Tx() given: unknown): unknown {
        return given;
      }
    }
    await expectRefused('Desk.open asks for @Tx() but is under @Command(…, { transaction: false })', Desk);
  });

  it.each([0, -1, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY])('for a deadline of %d ms', async (deadlineMs) => {
    @Gateway()
    class Desk {
      @Command(open, { deadlineMs })
      open(): void {}
    }
    await expectRefused(`The deadlineMs of Desk.open is ${deadlineMs}`, Desk);
  });

  it('for @Command() on a static method', () => {
    const declare = () => {
      @Gateway()
      class Desk {
        @Command(open)
        static open(): void {}
      }
      return Desk;
    };
    expect(declare).toThrow('Desk.open is static');
  });
});

describe('the boot finds', () => {
  it('inherited handlers, and overriding ones with parameters of their own', async () => {
    abstract class Base {
      @Command(open)
      open(@Payload() dto: Dto): unknown {
        return { opened: dto.name, by: this.constructor.name };
      }
      @Command(close)
      close(@Payload() dto: Dto): unknown {
        return dto;
      }
    }
    @Gateway()
    class Desk extends Base {
      @Command(close)
      override close(@CurrentPrincipal() who: unknown): unknown {
        return who;
      }
    }
    const bench = await boot(Desk);
    expect(await bench.send(open, { name: 'SFO' })).toEqual({ ok: true, result: { opened: 'SFO', by: 'Desk' } });
    expect(await bench.send(open, { name: 7 })).toMatchObject({ error: { code: 'VALIDATION_FAILED' } });
    expect(await bench.send(close)).toEqual({ ok: true, result: { name: 'ann' } });
  });

  it('a gateway that a factory made', async () => {
    @Gateway()
    class Desk {
      constructor(private readonly name: string) {}
      @Command(open)
      open(): string {
        return this.name;
      }
    }
    const bench = await boot(
      { provide: Desk, useFactory: () => new Desk('made') },
      { provide: 'alias', useExisting: Desk },
      { provide: 'nothing', useValue: null },
    );
    expect(await bench.send(open)).toEqual({ ok: true, result: 'made' });
  });

  it('deadlines of their own', async () => {
    @Gateway()
    class Desk {
      @Command(open, { deadlineMs: 1 })
      open(): Promise<void> {
        return new Promise(() => {});
      }
    }
    expect(await (await boot(Desk)).send(open)).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED' } });
  });
});
