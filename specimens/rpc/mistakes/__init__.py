"""The mistakes, each a client that differs from the right one in the step that somebody once got wrong.

They are the real code of such a mistake, not an imitation of its symptom. `specimens.rpc.faults` says what each does.
"""
