# sh steps.sh PROGRAM LETTERS: a shell marks its steps, and a program loses in each of them.
step=0
while [ $step -lt 110 ]; do
  echo "step $step" > /dev/fd/$OUTLIVE_BLOCKS_FD
  "$1" $step $2
  step=$((step + 1))
done
