import { IsInt, IsString, Max, Min } from 'class-validator';

export class NoteDto {
  @IsString() board!: string;
  @IsString() text!: string;
}

export class BrewNoteDto extends NoteDto {
  @IsInt() @Min(0) @Max(60_000) forMs!: number;
}

export class WithdrawAccessDto {
  @IsString() subject!: string;
  @IsString() board!: string;
}

export class StartTypingDto {
  @IsString() board!: string;
}
