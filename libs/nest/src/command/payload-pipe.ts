import {
  StandardSchemaValidationPipe,
  ValidationPipe,
  type ArgumentMetadata,
  type PipeTransform,
} from '@nestjs/common';
import type { FieldError } from '@millrace/protocol';
import type { ValidationError } from 'class-validator';
import { CodedError } from '../core/coded-error.js';
import { misplacedArrays } from './misplaced-arrays.js';

const invalid = (details: readonly FieldError[]): CodedError => new CodedError('VALIDATION_FAILED', { details });

/** class-validator, with everything closed that it leaves open by default. */
class PayloadPipe implements PipeTransform {
  readonly #validation = new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    exceptionFactory: (errors: ValidationError[]) => invalid(errors.flatMap((error) => fieldErrors(error))),
  });

  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw invalid([{ field: '', rules: { isObject: 'The data of the command must be an object' } }]);
    }
    const dto: unknown = await this.#validation.transform(value, metadata);
    const misplaced = misplacedArrays(dto);
    if (misplaced.length > 0) throw invalid(misplaced);
    return dto;
  }
}

export const payloadPipe: PipeTransform = new PayloadPipe();

export const schemaPipe: PipeTransform = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) =>
    invalid(
      issues.map(({ path = [], message }) => ({
        field: path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.'),
        rules: { schema: message },
      })),
    ),
});

function fieldErrors({ property, constraints, children }: ValidationError, path = ''): FieldError[] {
  const field = path === '' ? property : `${path}.${property}`;
  const own = constraints ? [{ field, rules: constraints }] : [];
  return [...own, ...(children ?? []).flatMap((child) => fieldErrors(child, field))];
}
