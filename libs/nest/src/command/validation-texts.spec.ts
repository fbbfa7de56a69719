import { BadRequestException, ForbiddenException } from '@nestjs/common';
import { IsString } from 'class-validator';
import { expect, it } from 'vitest';
import { ofValidation } from './validation-texts.js';

class Crew {
  @IsString({ each: true }) names!: string[];
  @IsString() ship!: string;
}

it.each([
  ['ship must be a string', 'ship'],
  ['ship.0.name must be a string', 'ship.0.name'],
  ['each value in names must be a string', 'names'],
  ['ship.each value in names must be a string', 'ship.names'],
  ['property rank should not exist', ''],
  ['ship.property rank should not exist', 'ship.rank'],
  ['nested property ship must be either object or array', 'ship'],
  ['Das Schiff fehlt', ''],
  ['', ''],
])('finds in "%s" the field "%s"', (text, field) => {
  const error = ofValidation(new BadRequestException([text]), [Crew]);
  expect(error).toMatchObject({ code: 'VALIDATION_FAILED', detail: { details: [{ field, rules: { 0: text } }] } });
});

it.each([[new BadRequestException('one text')], [new ForbiddenException(['no'])], [new Error('no')], [undefined]])(
  'leaves %s as it is',
  (error) => {
    expect(ofValidation(error, [Crew])).toBe(error);
  },
);
