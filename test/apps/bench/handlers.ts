import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { COMMANDS, type Order } from './contracts.js';

class OrderDto implements Order {
  @IsString() @MaxLength(40) item!: string;
  @IsInt() @Min(1) @Max(1_000) count!: number;
  @IsOptional() @IsString() note?: string;
}

/** Gives a gateway a method for each command, decorated as if it were written out. */
export function declareHandlers(
  gateway: { readonly prototype: object },
  method: (index: number) => MethodDecorator,
  parameter: ParameterDecorator,
): void {
  for (const index of COMMANDS.keys()) {
    const name = `place${index}`;
    const value = ({ count }: OrderDto): { total: number } => ({ total: count * 7 });
    Object.defineProperty(gateway.prototype, name, { value, writable: true, configurable: true });
    Reflect.defineMetadata('design:paramtypes', [OrderDto], gateway.prototype, name);
    parameter(gateway.prototype, name, 0);
    method(index)(gateway.prototype, name, Object.getOwnPropertyDescriptor(gateway.prototype, name)!);
  }
}
