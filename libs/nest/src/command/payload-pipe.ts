import {
  StandardSchemaValidationPipe,
  ValidationPipe,
  type ArgumentMetadata,
  type PipeTransform,
} from '@nestjs/common';
import { validate, type ValidationError, type ValidatorOptions } from 'class-validator';
import { fieldErrors, issueError } from './field-errors.js';
import { misplacedLists } from './misplaced-lists.js';
import { validationFailed } from './validation-failed.js';

/** Everything closed that class-validator leaves open by default. */
const strict = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
} as const satisfies ValidatorOptions;

/** class-validator on the DTO class of the parameter. */
class PayloadPipe implements PipeTransform {
  readonly #validation = new ValidationPipe({
    ...strict,
    transform: true,
    exceptionFactory: (errors: ValidationError[]) => validationFailed(errors.flatMap((error) => fieldErrors(error))),
  });

  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
      throw validationFailed([{ field: '', rules: { isObject: 'The data of the command must be an object' } }]);
    }
    const dto = await this.#instance(value, metadata);
    const misplaced = misplacedLists(dto);
    if (misplaced.length > 0) throw validationFailed(misplaced);
    return dto;
  }

  /** A global pipe may have made the instance already; made again, it would run every `@Transform()` twice. */
  async #instance(value: object, metadata: ArgumentMetadata): Promise<object> {
    const { metatype } = metadata;
    if (!metatype || !(value instanceof metatype))
      return this.#validation.transform(value, metadata) as Promise<object>;
    const errors = await validate(value, { ...strict });
    if (errors.length > 0) throw validationFailed(errors.flatMap((error) => fieldErrors(error)));
    return value;
  }
}

export const payloadPipe: PipeTransform = new PayloadPipe();

export const schemaPipe: PipeTransform = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) => validationFailed(issues.map(issueError)),
});
