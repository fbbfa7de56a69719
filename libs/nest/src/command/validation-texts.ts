import { HttpException, HttpStatus } from '@nestjs/common';
import type { FieldError } from '@millrace/protocol';
import { getMetadataStorage } from 'class-validator';
import { validationFailed } from './validation-failed.js';

/** Where the default texts of class-validator have the field; Nest puts the path of the object before them. */
const FORMS = [/^(?<path>.*\.)?each value in (?<name>\S+) /, /^(?<path>.*\.)?(?:nested )?property (?<name>\S+) /];
const FIELD_FIRST = /^(?<path>(?:[\w$]+\.)*)(?<name>[\w$]+) /;

/**
 * A global `ValidationPipe` of the application comes before ours and refuses with an HTTP exception that carries texts
 * only: what they say about fields of `payloads` becomes details again.
 */
export function ofValidation(error: unknown, payloads: readonly object[]): unknown {
  if (!(error instanceof HttpException) || error.getStatus() !== Number(HttpStatus.BAD_REQUEST)) return error;
  const { message } = error.getResponse() as { readonly message?: unknown };
  if (!Array.isArray(message)) return error;
  const known = new Set(payloads.flatMap((payload) => propertiesOf(payload)));
  const details = message.map((text, index): FieldError => {
    const field = fieldOf(String(text));
    const isKnown = known.has(field.split('.')[0] ?? '');
    return { field: isKnown ? field : '', rules: { [String(index)]: String(text) } };
  });
  return validationFailed(details, error);
}

function fieldOf(text: string): string {
  for (const form of [...FORMS, FIELD_FIRST]) {
    const { path = '', name } = form.exec(text)?.groups ?? {};
    if (name !== undefined) return path + name;
  }
  return '';
}

function propertiesOf(payload: object): string[] {
  const metadatas = getMetadataStorage().getTargetValidationMetadatas(payload as () => void, '', true, false);
  return metadatas.map(({ propertyName }) => propertyName);
}
