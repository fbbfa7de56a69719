/** The answer of `POST /sign-in`. */
export interface SignedIn {
  readonly token: string;
  readonly expiresInSeconds: number;
}
