import { Get } from '@nestjs/common';
import { expect, it } from 'vitest';
import { BootError } from './boot-error.js';
import { guarded, type GuardOptions } from './guarded.js';

abstract class Desk {
  @Get('here')
  here(): string {
    return 'here';
  }
}

it.each([[[]], [undefined], [null], [{}]])('puts nothing anywhere without a guard: %j', (given) => {
  const guards = given as unknown as GuardOptions['guards'];
  expect(() => guarded(Desk, { guards, path: 'desk' })).toThrow(BootError);
});

it('keeps the guards and paths of two apart', () => {
  const made = ['one', 'two'].map((path) => guarded(Desk, { guards: [{ canActivate: () => path === 'one' }], path }));
  expect(made.map((controller) => (Reflect.getMetadata('__guards__', controller) as unknown[]).length)).toEqual([1, 1]);
  expect(made.map((controller) => Reflect.getMetadata('path', controller) as string)).toEqual(['one', 'two']);
});
