/** What a socket of libzmq says in the same case, so that callers need not know which one they have. */
export function notSent(code: 'EAGAIN' | 'EHOSTUNREACH'): Error {
  const problem = code === 'EAGAIN' ? 'There is no connection now' : 'The peer is gone'
  return Object.assign(new Error(problem), { code })
}
