"""Checks of a learner's answers: functions of the names that an exercise leaves behind.

They test properties that right answers have, however they were found: attacked images stay within eps, an accuracy is
that under a fresh attack. No answer is compared with a typed one.
"""
