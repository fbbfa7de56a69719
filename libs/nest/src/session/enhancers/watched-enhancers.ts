import type {
  ArgumentMetadata,
  CallHandler,
  CanActivate,
  ExecutionContext,
  NestInterceptor,
  PipeTransform,
} from '@nestjs/common';
import { catchError, from, isObservable, type Observable } from 'rxjs';
import { isDeliberate } from './deliberate.js';
import { nameOf, type EnhancerMarks } from './enhancer-fault.js';
import { rememberPipeFailure } from './pipe-failures.js';
import { keepingErrors } from './validating-pipe.js';

/** Enhancers of the application, each with a mark on what comes out of it when it fails instead of answering. */
export class WatchedEnhancers {
  constructor(private readonly marks: EnhancerMarks) {}

  guard(guard: CanActivate): CanActivate {
    const failed = (error: unknown): never => {
      if (!isDeliberate(error)) this.marks.set(error, { kind: 'guard', name: nameOf(guard) });
      throw error;
    };
    return {
      canActivate: (context: ExecutionContext) => {
        try {
          const answer = guard.canActivate(context);
          if (typeof answer === 'boolean') return answer;
          if (isObservable(answer)) return from(answer).pipe(catchError(failed));
          return Promise.resolve(answer).catch(failed);
        } catch (error) {
          return failed(error);
        }
      },
    };
  }

  /** What it throws after it has called the handler may be the handler's own. */
  interceptor(interceptor: NestInterceptor): NestInterceptor {
    return {
      intercept: async (context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> => {
        let hasCalled = false;
        const handle = (): Observable<unknown> => {
          hasCalled = true;
          return next.handle();
        };
        try {
          return await interceptor.intercept(context, { handle });
        } catch (error) {
          if (!hasCalled && !isDeliberate(error)) {
            this.marks.set(error, { kind: 'interceptor', name: nameOf(interceptor) });
          }
          throw error;
        }
      },
    };
  }

  /** What a validator found is kept beside its exception. */
  pipe(pipe: PipeTransform): PipeTransform {
    const keeping = keepingErrors(pipe);
    return {
      transform: async (value: unknown, metadata: ArgumentMetadata): Promise<unknown> => {
        try {
          return (await keeping.transform(value, metadata)) as unknown;
        } catch (error) {
          if (isDeliberate(error) || Array.isArray(error)) rememberPipeFailure(error, {});
          else this.marks.set(error, { kind: 'pipe', name: nameOf(pipe) });
          throw error;
        }
      },
    };
  }
}
