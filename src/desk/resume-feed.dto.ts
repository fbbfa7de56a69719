import { IsInt, IsOptional, Max, Min } from 'class-validator';

export class ResumeFeedDto {
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(2 ** 31 - 1)
  from?: number;
}
