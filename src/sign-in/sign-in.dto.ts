import { Transform } from 'class-transformer';
import { IsString, Length, Matches } from 'class-validator';

export class SignInDto {
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsString()
  @Length(1, 40)
  // Control and format characters could make one name look like another.
  @Matches(/^[^\p{C}]*$/u, { message: 'name must not have invisible characters' })
  name!: string;
}
