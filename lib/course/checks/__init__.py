"""What a learner's answers are checked for: functions of the names that an exercise leaves behind.

They test properties that right answers have, whatever way they were found: attacked images stay within eps, an accuracy
is that of a fresh attack. No answer is compared with a typed one.
"""
