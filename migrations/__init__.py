"""The schema's history: one dated file a change in versions/, run by controlplane/store/migrations.py.

A released file is never edited. A change must fit the release before it as well (add first, remove a release later),
since replicas of both run for a while.
"""
