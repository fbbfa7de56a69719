import {
  BadRequestException,
  HttpException,
  Injectable,
  StandardSchemaValidationPipe,
  UnprocessableEntityException,
  UsePipes,
  ValidationPipe,
  type PipeTransform,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { defineCommand, type FieldError, type WireError } from '@millrace/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { Type } from 'class-transformer';
import { IsInt, IsString, Length, Matches, ValidateNested, type ValidationError } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { Command, Gateway, Payload } from './command.decorators.js';
import { CommandBench } from './testing/command-bench.js';
import { MemoryDatabase } from './testing/memory-database.js';

class Item {
  @IsInt({ message: 'name must be shorter than title' }) price!: number;
  @IsString() name!: string;
}
class Order {
  @IsString({ message: ({ property }) => `Bitte ${property} angeben. items.0.name fehlt` }) title!: string;
  @IsString({ each: true }) @Length(1, 3, { each: true }) tags!: string[];
  @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}
const place = defineCommand<unknown, unknown>('order.place');

@Gateway()
class OrderGateway {
  @Command(place)
  place(@Payload() order: Order): unknown {
    return order.title;
  }
}

/** How `data` is refused with a global pipe. */
async function refusal(pipe: PipeTransform, data: unknown, gateway: new () => object = OrderGateway) {
  const providers = [gateway, { provide: APP_PIPE, useValue: pipe }];
  const bench = await CommandBench.boot({ database: new MemoryDatabase(), providers });
  const answer = await bench.send(place, data);
  if (answer.ok) throw new Error('It was taken');
  expect(answer.error.outcome).toBe('not-applied');
  return answer.error;
}

const wrong = {
  title: 7,
  tags: ['a', 'long'],
  items: [
    { price: 1, name: 'x' },
    { price: 'free', name: 2 },
  ],
};
const fields = ({ details = [] }: WireError): string[] => details.map(({ field }) => field);
const rulesOf = ({ details = [] }: WireError, field: string): FieldError['rules'] | undefined =>
  details.find((one) => one.field === field)?.rules;

describe('a global ValidationPipe', () => {
  const options: [string, ValidationPipeOptions][] = [
    ['as it comes', {}],
    ['that transforms', { transform: true }],
    ['with another status', { errorHttpStatusCode: 422 }],
    ['that groups its texts', { errorFormat: 'grouped' }],
  ];
  it.each(options)(
    '%s: each refused field is named by the path that is wrong, whatever its text says',
    async (_, o) => {
      const error = await refusal(new ValidationPipe(o), wrong);
      expect(error.code).toBe('VALIDATION_FAILED');
      expect(fields(error)).toEqual(['title', 'tags', 'items.1.price', 'items.1.name']);
      expect(rulesOf(error, 'items.1.price')).toEqual({ isInt: 'name must be shorter than title' });
      expect(rulesOf(error, 'title')).toEqual({ isString: 'Bitte title angeben. items.0.name fehlt' });
    },
  );

  it('names unknown properties with forbidNonWhitelisted, at every depth', async () => {
    const pipe = new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true });
    const data = { title: 'a', tags: ['a'], items: [{ price: 1, name: 'x', admin: true }], root: true };
    const error = await refusal(pipe, data);
    expect(fields(error)).toEqual(['root', 'items.0.admin']);
    expect(rulesOf(error, 'root')).toEqual({ whitelistValidation: 'property root should not exist' });
  });

  it('tells one rule a property with stopAtFirstError', async () => {
    const error = await refusal(new ValidationPipe({ stopAtFirstError: true }), { ...wrong, tags: [7] });
    expect(fields(error)).toEqual(['title', 'tags', 'items.1.price', 'items.1.name']);
    expect(Object.keys(rulesOf(error, 'tags') ?? {})).toHaveLength(1);
  });

  it('tells nothing of what disableErrorMessages keeps back', async () => {
    const error = await refusal(new ValidationPipe({ disableErrorMessages: true }), wrong);
    expect(error).toEqual({
      code: 'VALIDATION_FAILED',
      message: 'The data of the command is not valid.',
      retry: 'never',
      outcome: 'not-applied',
    });
  });

  it('is left as it is, for the routes of the application', async () => {
    const pipe = new ValidationPipe();
    const before = Object.entries(pipe);
    await refusal(pipe, wrong);
    expect(Object.entries(pipe)).toEqual(before);
    const http: unknown = await pipe
      .transform(wrong, { type: 'body', metatype: Order })
      .catch((error: unknown) => error);
    expect((http as HttpException).getResponse()).toMatchObject({ statusCode: 400, error: 'Bad Request' });
  });

  it('of a method or of a class is as good', async () => {
    @Gateway()
    class LocalGateway {
      @Command(place)
      @UsePipes(new ValidationPipe())
      place(@Payload() order: Order): unknown {
        return order;
      }
    }
    const error = await refusal({ transform: (value: unknown) => value }, wrong, LocalGateway);
    expect(fields(error)).toEqual(['title', 'tags', 'items.1.price', 'items.1.name']);
  });
});

describe('a validating pipe of the application', () => {
  const factory = (exceptionFactory: (errors: ValidationError[]) => unknown) =>
    new ValidationPipe({ exceptionFactory });

  it.each([
    ['the errors as its response', (errors: ValidationError[]) => new BadRequestException(errors)],
    ['an object that has them', (errors: ValidationError[]) => new UnprocessableEntityException({ errors })],
    [
      'an exception that has them, as nestjs-i18n makes it',
      (errors: ValidationError[]) => Object.assign(new HttpException('Bad Request', 400), { errors }),
    ],
    ['the errors themselves', (errors: ValidationError[]) => errors],
  ])('keeps its details when its factory makes %s', async (_, exceptionFactory) => {
    const error = await refusal(factory(exceptionFactory), wrong);
    expect(error.code).toBe('VALIDATION_FAILED');
    expect(fields(error)).toEqual(['title', 'tags', 'items.1.price', 'items.1.name']);
  });

  it('keeps the exception that its factory makes of the errors', async () => {
    const error = await refusal(
      factory(() => new HttpException('Nicht so', 422)),
      wrong,
    );
    expect(error).toEqual({
      code: 'REJECTED',
      message: 'Nicht so',
      retry: 'never',
      outcome: 'not-applied',
      status: 422,
    });
  });

  it('that leaves only texts of its own names no field', async () => {
    const texts = ['title is wrong', 'items.0.price must be a number', 'each value in tags is long'];
    const error = await refusal(
      factory(() => new BadRequestException(texts)),
      wrong,
    );
    expect(error.details).toEqual(texts.map((text, index) => ({ field: '', rules: { [String(index)]: text } })));
  });

  it('with private parts works, and names no field', async () => {
    @Injectable()
    class PrivatePipe extends ValidationPipe {
      readonly #seen: unknown[] = [];
      override transform(...args: Parameters<ValidationPipe['transform']>): Promise<unknown> {
        this.#seen.push(args);
        return super.transform(...args);
      }
    }
    const error = await refusal(new PrivatePipe(), wrong);
    expect(error.code).toBe('VALIDATION_FAILED');
    expect(new Set(fields(error))).toEqual(new Set(['']));
  });

  it('that writes texts of its own keeps those, and names no field', async () => {
    class OwnTexts extends ValidationPipe {
      protected override flattenValidationErrors(): string[] {
        return ['items.0.price stimmt nicht'];
      }
    }
    expect((await refusal(new OwnTexts(), wrong)).details).toEqual([
      { field: '', rules: { 0: 'items.0.price stimmt nicht' } },
    ]);
  });
});

it('a global pipe for schemas names the path of each issue', async () => {
  const schema: StandardSchemaV1<unknown, string> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => ({ issues: [{ message: 'price: is title', path: ['items', { key: 1 }, 'a.b'] }] }),
    },
  };
  @Gateway()
  class SchemaGateway {
    @Command(place)
    place(@Payload({ schema }) text: string): unknown {
      return text;
    }
  }
  const error = await refusal(new StandardSchemaValidationPipe(), wrong, SchemaGateway);
  expect(error.details).toEqual([{ field: 'items.1.a.b', rules: { schema: 'price: is title' } }]);
});

it('a 400 with texts that the handler throws is not a failed validation', async () => {
  class Note {
    @Matches(/./) text!: string;
  }
  @Gateway()
  class NoteGateway {
    @Command(place)
    place(@Payload() { text }: Note): void {
      throw new BadRequestException([`text is ${text}`, 'try another']);
    }
  }
  const error = await refusal(new ValidationPipe(), { text: 'a' }, NoteGateway);
  expect(error).toMatchObject({ code: 'REJECTED', message: 'text is a; try another', status: 400 });
  expect(error.details).toBeUndefined();
});
