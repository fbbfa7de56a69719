/** `throwIfAborted` and `reason` are missing in React Native and in browsers of 2021. */
export function failIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw reasonOf(signal);
}

export const reasonOf = (signal: AbortSignal | undefined): unknown =>
  (signal?.reason as unknown) ?? Object.assign(new Error('This operation was aborted'), { name: 'AbortError' });
