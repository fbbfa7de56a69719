import { IsInt, Matches, Max, Min } from 'class-validator';
import { AIRPORT_CODE } from '../contracts/airport.contract.js';
import type { Flight } from '../contracts/desk.contract.js';

export class RecordDepartureDto implements Flight {
  @IsInt()
  @Min(0)
  @Max(2 ** 31 - 1)
  id!: number;

  @Matches(AIRPORT_CODE)
  origin!: string;

  @Matches(AIRPORT_CODE)
  destination!: string;

  @Matches(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d$/)
  departedAt!: string;

  @IsInt()
  @Min(-1_440)
  @Max(14_400)
  delayMinutes!: number;

  @IsInt()
  @Min(1)
  @Max(25_000)
  distanceMiles!: number;
}
