import { defineCommand, type FieldError } from '@millrace/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import { beforeAll, describe, expect, it } from 'vitest';
import { Command, Gateway, Payload } from './command.decorators.js';
import { CommandBench } from './testing/command-bench.js';
import { MemoryDatabase } from './testing/memory-database.js';

class Leg {
  @IsString() from!: string;
}
class Flight {
  @IsString() @MaxLength(3) code!: string;
  @IsOptional() @IsInt() seats?: number;
  @IsOptional() @ValidateNested() @Type(() => Leg) leg?: Leg;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Leg) legs?: Leg[];
  @IsOptional() @ValidateNested() @Type(() => Flight) next?: Flight;
}

/** A Standard Schema by hand: `{ n: number }`, checked `later` or at once. */
const schema = (later: boolean): StandardSchemaV1<unknown, { n: bigint }> => ({
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const n = (value as { n?: unknown } | null)?.n;
      const result =
        typeof n === 'number'
          ? { value: { n: BigInt(n) } }
          : { issues: [{ message: 'not a number', path: ['n', { key: 0 }] }, { message: 'nothing fits' }] };
      return later ? Promise.resolve(result) : result;
    },
  },
});

const fly = defineCommand<unknown, unknown>('flight.fly');
const count = defineCommand<unknown, unknown>('flight.count');
const countLater = defineCommand<unknown, unknown>('flight.countLater');
const given: unknown[] = [];

@Gateway()
class FlightGateway {
  @Command(fly)
  fly(@Payload() flight: Flight): void {
    given.push(flight);
  }
  @Command(count)
  count(@Payload({ schema: schema(false) }) data: { n: bigint }): string {
    return typeof data.n;
  }
  @Command(countLater)
  countLater(@Payload({ schema: schema(true) }) data: { n: bigint }): string {
    return typeof data.n;
  }
}

let bench: CommandBench;
beforeAll(async () => {
  bench = await CommandBench.boot({ database: new MemoryDatabase(), providers: [FlightGateway] });
});

async function send(command: { readonly name: string }, data: unknown): Promise<readonly FieldError[] | 'ok'> {
  const answer = await bench.send(command, data);
  if (answer.ok) return 'ok';
  expect(answer.error).toMatchObject({ code: 'VALIDATION_FAILED', outcome: 'not-applied' });
  return answer.error.details ?? [];
}
const fieldsOf = async (data: unknown): Promise<unknown> => {
  const details = await send(fly, data);
  return details === 'ok' ? 'ok' : details.map(({ field }) => field);
};

describe('a payload with a DTO class', () => {
  it('reaches the handler as instances, nested ones too', async () => {
    expect(await fieldsOf({ code: 'UA1', leg: { from: 'SFO' }, legs: [{ from: 'LAX' }], next: { code: 'UA2' } })).toBe(
      'ok',
    );
    const flight = given.pop() as Flight;
    expect(flight).toBeInstanceOf(Flight);
    expect([flight.leg, flight.legs?.[0], flight.next]).toEqual([
      expect.any(Leg) as Leg,
      expect.any(Leg) as Leg,
      expect.any(Flight) as Flight,
    ]);
  });

  it.each([
    ['nothing', undefined, ['']],
    ['null', null, ['']],
    ['text', 'code', ['']],
    ['a list', [{ code: 'UA1' }], ['']],
    ['bytes', Buffer.from('code'), ['']],
    ['an empty object', {}, ['code']],
    ['an unknown property', { code: 'UA1', admin: true }, ['admin']],
    ['an unknown nested property', { code: 'UA1', leg: { from: 'SFO', to: 'LAX' } }, ['leg.to']],
    ['several faults', { code: 7, seats: 'x' }, ['code', 'seats']],
    [
      'a nested fault',
      { code: 'UA1', next: { code: 'UA2', legs: [{ from: 'a' }, { from: 7 }] } },
      ['next.legs.1.from'],
    ],
    ['text for an object', { code: 'UA1', leg: 'SFO' }, ['leg']],
    ['a list for an object', { code: 'UA1', leg: [{ from: 'SFO' }] }, ['leg']],
    ['an empty list for an object', { code: 'UA1', leg: [] }, ['leg']],
    ['a deep list for an object', { code: 'UA1', next: { code: 'UA2', next: [] } }, ['next.next']],
    ['an object for a list', { code: 'UA1', legs: { from: 'SFO' } }, ['legs']],
    ['a list in a list', { code: 'UA1', legs: [{ from: 'SFO' }, [{ from: 'LAX' }]] }, ['legs.1']],
    ['null in a list', { code: 'UA1', legs: [null] }, ['legs.0']],
    ['a property that says it is a length', { code: 'UA1', legs: { length: 1e9 } }, ['legs.length', 'legs.from']],
  ])('is refused for %s', async (_, data, fields) => {
    expect(await fieldsOf(data)).toEqual(fields);
    expect(given).toEqual([]);
  });

  it.each(['{"code":"UA1","__proto__":{"polluted":1}}', '{"code":"UA1","constructor":{"prototype":{"polluted":1}}}'])(
    'pollutes no prototype with %s',
    async (text) => {
      await fieldsOf(JSON.parse(text));
      const flight = given.pop() as { polluted?: unknown } | undefined;
      expect([flight?.polluted, ({} as { polluted?: unknown }).polluted]).toEqual([undefined, undefined]);
      expect(flight === undefined || flight.constructor === Flight).toBe(true);
    },
  );

  it('names a bounded number of faults', async () => {
    const legs = Array.from({ length: 3_000 }, () => ({ from: 7 }));
    expect(await send(fly, { code: 'UA1', legs })).toHaveLength(50);
  });
});

describe('a payload with a schema', () => {
  it.each([
    ['at once', count],
    ['later', countLater],
  ])('is its output, checked %s', async (_, command) => {
    expect(await bench.send(command, { n: 1 })).toEqual({ ok: true, result: 'bigint' });
    expect(await send(command, { n: 'one' })).toEqual([
      { field: 'n.0', rules: { schema: 'not a number' } },
      { field: '', rules: { schema: 'nothing fits' } },
    ]);
  });
});
