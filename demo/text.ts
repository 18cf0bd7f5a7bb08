/** 1234567 -> 1,234,567, to the right within `width`. */
export function thousands(value: number, width = 0): string {
  return value.toLocaleString('en-US').padStart(width);
}
