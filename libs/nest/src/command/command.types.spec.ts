import { defineCommand } from '@millrace/protocol';
import { of, type Observable } from 'rxjs';
import { expect, it } from 'vitest';
import { Command, Gateway } from './command.decorators.js';
import { commandMetadata } from './command.metadata.js';

const enlist = defineCommand<{ name: string }, { id: number }>('crew.enlist');
const dismiss = defineCommand<{ id: number }>('crew.dismiss');

/** That they compile, or do not, is the test. */
@Gateway()
class CrewGateway {
  @Command(enlist)
  atOnce(): { id: number } {
    return { id: 1 };
  }

  @Command(enlist)
  later(): Promise<{ id: number; more: string }> {
    return Promise.resolve({ id: 1, more: 'is no harm' });
  }

  @Command(enlist)
  observed(name: string): Observable<{ id: number }> {
    return of({ id: name.length });
  }

  @Command(enlist)
  never(): Promise<never> {
    return Promise.reject(new Error('never'));
  }

  @Command(dismiss)
  nothing(): void {}

  // @ts-expect-error the contract promises a number
  @Command(enlist)
  text(): { id: string } {
    return { id: '1' };
  }

  // @ts-expect-error the contract promises a result
  @Command(enlist)
  forgotten(): Promise<void> {
    return Promise.resolve();
  }

  // @ts-expect-error nobody would read this result
  @Command(dismiss)
  superfluous(): Promise<{ id: number }> {
    return Promise.resolve({ id: 1 });
  }
}

it('lets a handler answer as its contract says', () => {
  const { value } = Object.getOwnPropertyDescriptor(CrewGateway.prototype, 'atOnce') ?? {};
  expect(commandMetadata(value as object)?.name).toBe('crew.enlist');
});
