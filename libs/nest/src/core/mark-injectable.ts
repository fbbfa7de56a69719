import { Injectable } from '@nestjs/common';
import { INJECTABLE_WATERMARK } from '@nestjs/common/internal';

/** Like `@Injectable()`, but a scope that one below has given is not forgotten: the boot refuses it. */
export const markInjectable: ClassDecorator = (target) => {
  if (!Reflect.hasMetadata(INJECTABLE_WATERMARK, target)) Injectable()(target);
};
