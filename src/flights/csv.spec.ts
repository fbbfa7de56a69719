import { expect, it } from 'vitest';
import { parseCsv } from './csv.js';

it.each([
  [
    'plain fields',
    'a,b\n1,2\n3,4\n',
    [
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ],
  ],
  ['no newline at the end', 'a,b\n1,2', [{ a: '1', b: '2' }]],
  ['lines of Windows', 'a,b\r\n1,2\r\n', [{ a: '1', b: '2' }]],
  ['commas, quotes and lines in quotes', 'a,b\n"x, y","say ""hi""\nnow"\n', [{ a: 'x, y', b: 'say "hi"\nnow' }]],
  ['empty fields', 'a,b,c\n,,3\n', [{ a: '', b: '', c: '3' }]],
  ['a line that is too short', 'a,b\n1\n', [{ a: '1', b: '' }]],
])('reads %s', (_case, text, records) => {
  expect(parseCsv(text)).toEqual(records);
});

it('says where a quote is out of place', () => {
  expect(() => parseCsv('a,b\n1,"2"3\n')).toThrow('Not CSV in line 2');
});
