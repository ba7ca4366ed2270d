// Rectangles for weights, as near to squares as may be (Bruls, Huizing, van Wijk 2000). Knows numbers only.

// `weights` should be sorted, largest first, but for a rest that comes last; all above zero. Returns one {x, y, width, height} for each.
function squarify(weights, x, y, width, height) {
  const total = weights.reduce((sum, one) => sum + one, 0);
  const scale = total > 0 ? (width * height) / total : 0;
  const areas = weights.map((one) => one * scale);
  const places = [];
  let begin = 0;
  while (begin < areas.length && width > 0 && height > 0) {
    const side = Math.min(width, height);
    const end = endOfRow(areas, begin, side);
    const row = areas.slice(begin, end);
    const depth = row.reduce((sum, one) => sum + one, 0) / side;
    let along = 0;
    for (const area of row) {
      const length = area / depth;
      places.push(
        width >= height
          ? { x, y: y + along, width: depth, height: length }
          : { x: x + along, y, width: length, height: depth },
      );
      along += length;
    }
    if (width >= height) {
      x += depth;
      width -= depth;
    } else {
      y += depth;
      height -= depth;
    }
    begin = end;
  }
  return places;
}

// A row takes the next area as long as its worst shape gets no worse by it.
function endOfRow(areas, begin, side) {
  let sum = 0;
  let [least, most] = [Infinity, 0];
  let worst = Infinity;
  let end = begin;
  while (end < areas.length) {
    sum += areas[end];
    [least, most] = [Math.min(least, areas[end]), Math.max(most, areas[end])];
    const shape = worstShape(most, least, sum, side);
    if (shape > worst) break;
    worst = shape;
    end += 1;
  }
  return Math.max(end, begin + 1);
}

function worstShape(largest, smallest, sum, side) {
  const square = side * side;
  return Math.max((square * largest) / (sum * sum), (sum * sum) / (square * smallest));
}
