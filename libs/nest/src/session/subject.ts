/** The subject stands in the cause of every event, and PostgreSQL's text takes no NUL. */
const SUBJECT = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

export function isSubject(subject: unknown): subject is string {
  return typeof subject === 'string' && SUBJECT.test(subject);
}
