import { IsInt, Matches, Max, Min } from 'class-validator';
import { AIRPORT_CODE } from '../contracts/airport.contract.js';

export class ViewBoardDto {
  @Matches(AIRPORT_CODE)
  airport!: string;
}

export class ReadBoardDto extends ViewBoardDto {
  @IsInt()
  @Min(1)
  @Max(200)
  limit!: number;
}
