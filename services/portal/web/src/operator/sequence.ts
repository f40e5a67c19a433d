/** Numbers questions. What it returns for one tells, once, whether its answer is newer than what was answered before. */
export function createSequence(): () => () => boolean {
  let asked = 0;
  let answered = 0;
  return () => {
    asked += 1;
    const mine = asked;
    return () => {
      if (mine < answered) return false;
      answered = mine;
      return true;
    };
  };
}
