import { IsInt, Matches, Max, Min } from 'class-validator';

export class ViewBoardDto {
  @Matches(/^[A-Z]{3}$/)
  airport!: string;
}

export class ReadBoardDto extends ViewBoardDto {
  @IsInt()
  @Min(1)
  @Max(200)
  limit!: number;
}
